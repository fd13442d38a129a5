import { Inject, Injectable, Module, Scope } from '@nestjs/common';
import { ConfigModule, ConfigService } from '@nestjs/config';
import { ContextIdFactory, REQUEST } from '@nestjs/core';
import {
  CacheService,
  MomentoConfigurationError,
  MomentoModule,
  type MomentoModuleAsyncOptions,
  type MomentoModuleOptions,
  type MomentoOptionsFactory,
} from 'nestjs-momento';
import { describe, expect, it } from 'vitest';
import { useApps } from '../support/apps.js';
import { useEmbeddedServers } from '../support/embedded-servers.js';

const servers = useEmbeddedServers();
const apps = useApps(servers);

function expectUntouched(): void {
  expect(servers.secrets.callCount()).toBe(0);
  expect(servers.momento.connectionsAccepted).toBe(0);
}

describe('forRootAsync refuses at once', () => {
  const factory = () => apps.options();
  @Injectable()
  class Factory implements MomentoOptionsFactory {
    createMomentoOptions(): MomentoModuleOptions {
      return apps.options();
    }
  }

  it.each<[string, unknown, RegExp]>([
    ['no options', undefined, /must be an object with useFactory, useClass or useExisting/],
    [
      'none of useFactory, useClass and useExisting',
      {},
      /one of useFactory, useClass and useExisting .* is none/,
    ],
    ['none but undefined', { useFactory: undefined }, /there is none/],
    ['two of them', { useFactory: factory, useClass: Factory }, /there is useFactory and useClass/],
    ['two others', { useExisting: Factory, useClass: Factory }, /there is useExisting and useClass/],
    ['a factory that is none', { useFactory: { cacheName: 'a' } }, /useFactory: must be a function/],
    ['a class that is none', { useClass: 'Factory' }, /useClass: must be a class/],
    [
      'arguments without inject',
      { useFactory: (config: ConfigService) => ({ cacheName: config.get('A') }) },
      /useFactory: takes 1 arguments, and inject names 0/,
    ],
    [
      'more arguments than inject names',
      {
        inject: [ConfigService],
        useFactory: (one: unknown, two: unknown) => ({ cacheName: String([one, two]) }),
      },
      /useFactory: takes 2 arguments, and inject names 1/,
    ],
    [
      'options beside the factory',
      { useFactory: factory, cacheName: 'a' },
      /cacheName: .* return it from useFactory/,
    ],
  ])('%s', (_case, options, says) => {
    const register = () => MomentoModule.forRootAsync(options as MomentoModuleAsyncOptions);
    expect(register).toThrow(MomentoConfigurationError);
    expect(register).toThrow(
      expect.objectContaining({
        code: 'invalid-options',
        message: expect.stringMatching(says),
        advice: expect.stringContaining('MomentoModule is imported'),
      }),
    );
  });

  it('but takes undefined for what is not used', async () => {
    const app = await apps.start(
      MomentoModule.forRootAsync({
        useFactory: factory,
        useClass: undefined,
        useExisting: undefined,
        inject: undefined,
        imports: undefined,
        name: undefined,
        isGlobal: undefined,
      }),
    );
    expect(await app.get(CacheService).get('key')).toBeUndefined();
  });
});

describe('the boot refuses', () => {
  it.each([['name'], ['isGlobal']])('%s out of a factory, where it comes too late', async (extra) => {
    const useFactory = () => Object.assign(apps.options(), { [extra]: 'analytics' });
    await expect(apps.start(MomentoModule.forRootAsync({ useFactory }))).rejects.toMatchObject({
      constructor: MomentoConfigurationError,
      code: 'invalid-options',
      message: expect.stringContaining(`${extra}: belongs beside useFactory`),
    });
    expectUntouched();
  });

  it.each<[string, Parameters<typeof apps.start>, string]>([
    ['any connection', [MomentoModule.forFeature([{ cacheName: 'sessions' }])], "'default'"],
    [
      'the connection that it names',
      [
        MomentoModule.forRoot({ cacheName: 'demo-cache' }),
        MomentoModule.forFeature([{ cacheName: 'sessions' }], 'analytics'),
      ],
      "'analytics'",
    ],
    [
      'a connection that is global',
      [
        MomentoModule.forRoot({ cacheName: 'demo-cache', isGlobal: false }),
        MomentoModule.forFeature([{ cacheName: 'sessions' }]),
      ],
      "'default'",
    ],
  ])('forFeature without %s', async (_case, imports, name) => {
    await expect(apps.start(...imports)).rejects.toMatchObject({
      constructor: MomentoConfigurationError,
      code: 'connection-missing',
      message: expect.stringContaining(
        `The cache 'sessions' of MomentoModule.forFeature finds no Momento connection ${name}.`,
      ),
      advice: expect.stringContaining('without isGlobal: false'),
    });
  });

  it('forFeature of a connection that fails with the failure of the connection', async () => {
    const failing = apps.start(
      MomentoModule.forFeature([{ cacheName: 'sessions' }]),
      MomentoModule.forRoot(apps.options({ cacheName: 'no-such-cache' })),
    );
    await expect(failing).rejects.toMatchObject({ code: 'cache-not-found' });
  });
});

it.each([[undefined], [''], [' ']])(
  'forFeature refuses the cache name %j where it is written',
  (cacheName) => {
    expect(() => MomentoModule.forFeature([{ cacheName: cacheName as string }])).toThrow(
      expect.objectContaining({
        code: 'invalid-options',
        message: expect.stringMatching(/\[0\]\.cacheName: (is missing|must be a filled string)/),
      }),
    );
  },
);

describe('options that are made for each request', () => {
  @Injectable({ scope: Scope.REQUEST })
  class Tenant {
    readonly cacheName = 'demo-cache';
  }
  @Injectable({ scope: Scope.REQUEST, durable: true })
  class DurableTenant {
    readonly cacheName = 'demo-cache';
  }
  @Module({ providers: [Tenant, DurableTenant], exports: [Tenant, DurableTenant] })
  class TenantModule {}
  @Injectable()
  class FactoryOfRequest implements MomentoOptionsFactory {
    constructor(@Inject(REQUEST) readonly request: unknown) {}

    createMomentoOptions(): MomentoModuleOptions {
      return apps.options();
    }
  }
  @Injectable({ scope: Scope.REQUEST })
  class FactoryPerRequest implements MomentoOptionsFactory {
    createMomentoOptions(): MomentoModuleOptions {
      return apps.options();
    }
  }

  const asOptions = (): Record<string, Parameters<typeof MomentoModule.forRootAsync>[0]> => ({
    'inject: [REQUEST]': { inject: [REQUEST], useFactory: () => apps.options() },
    'a request-scoped provider': {
      imports: [TenantModule],
      inject: [Tenant],
      useFactory: () => apps.options(),
    },
    'a durable provider': {
      imports: [TenantModule],
      inject: [DurableTenant],
      useFactory: () => apps.options(),
    },
    'a class that injects the request': { useClass: FactoryOfRequest },
    'a request-scoped class': { useClass: FactoryPerRequest },
  });

  it.each(Object.keys(asOptions()).map((way) => [way]))(
    'by %s fail the boot, before anything is asked',
    async (way) => {
      @Injectable()
      class User {
        constructor(readonly cache: CacheService) {}
      }
      const options = asOptions()[way];
      if (options === undefined) throw new Error(way);
      const failing = apps.startWith({
        imports: [ConfigModule.forRoot({ ignoreEnvFile: true }), MomentoModule.forRootAsync(options)],
        providers: [User],
      });
      await expect(failing).rejects.toMatchObject({
        constructor: MomentoConfigurationError,
        code: 'options-not-static',
        message: expect.stringContaining("connection 'default' are made anew for each request"),
        advice: expect.stringContaining('Inject nothing request-scoped or durable'),
      });
      expectUntouched();
    },
  );

  it('make no second connection where no boot looks, as in a module compiled alone', async () => {
    const { Test } = await import('@nestjs/testing');
    const options = { inject: [REQUEST], useFactory: () => apps.options() };
    const builder = Test.createTestingModule({ imports: [MomentoModule.forRootAsync(options)] });
    const app = apps.keep(await builder.compile());
    const ask = () => app.resolve(CacheService, ContextIdFactory.create());
    await ask();
    await expect(ask()).rejects.toMatchObject({ code: 'options-not-static' });
    expectUntouched();
  });
});
