import { Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  CacheService,
  MomentoConfigurationError,
  MomentoModule,
  type MomentoModuleOptions,
} from 'nestjs-momento';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Canary, everythingOf } from '../../support/canary.js';
import { failureOf } from '../../support/keys.js';
import { cacheName, options, secretId, useAccount, wrongSetUps } from './wrong-set-ups.fixture.js';

const account = useAccount();

/** Boots an app as a user writes it, and ends it with the test. */
async function boot(moduleOptions: MomentoModuleOptions): Promise<CacheService> {
  const app = await Test.createTestingModule({
    imports: [MomentoModule.forRootAsync({ useFactory: () => moduleOptions })],
  }).compile();
  onTestFinished(() => app.close());
  return app.get(CacheService);
}

const matching = (text: string | RegExp) =>
  typeof text === 'string' ? expect.stringContaining(text) : expect.stringMatching(text);

describe('a boot', () => {
  it('succeeds when nothing is wrong, with one read of the secret and one call of Momento', async () => {
    const cache = await boot(options(account));
    expect(account.secrets.callCount()).toBe(1);
    expect(account.momento.requestCount()).toBe(1);
    await expect(cache.get('key')).resolves.toBeUndefined();
  });

  it('waits for Secrets Manager and for Momento when they come back in time', async () => {
    account.secrets.faults.throttle({ times: 3 });
    account.momento.faults.fail('keys-exist', 'UNAVAILABLE', { times: 5 });
    await expect(boot(options(account))).resolves.toBeInstanceOf(CacheService);
  });
});

describe('a boot fails', () => {
  it.each(wrongSetUps)('when $what, and says what to do', async ({ code, says, advises, arrange }) => {
    const canary = new Canary(account.key);
    const wrong = await arrange(account);
    const failure = await failureOf(() => boot(wrong));

    expect(failure).toBeInstanceOf(MomentoConfigurationError);
    expect(failure).toMatchObject({
      name: 'MomentoConfigurationError',
      code,
      message: matching(says),
      advice: matching(advises),
    });
    expect(canary.findIn(everythingOf(failure))).toBeUndefined();
  });

  it('within its time, when Secrets Manager never answers', async () => {
    account.secrets.faults.noAnswer({ times: Infinity });
    const start = performance.now();
    await failureOf(() => boot({ ...options(account), bootTimeoutSeconds: 0.3 }));
    const seconds = (performance.now() - start) / 1000;
    expect(seconds).toBeGreaterThanOrEqual(0.29);
    expect(seconds).toBeLessThan(3);
  });

  it('at once when waiting cannot help, whatever time there is', async () => {
    account.secrets.putSecret(secretId, 'changeme');
    await failureOf(() => boot({ ...options(account), bootTimeoutSeconds: 3_600 }));
    expect(account.secrets.callCount()).toBe(1);
    expect(account.momento.connectionsAccepted).toBe(0);
  });

  it('when a connection is registered twice, before anything is asked', async () => {
    const imports = [MomentoModule.forRoot(options(account))];
    @Module({ imports })
    class UsersModule {}
    const failure = await failureOf(() =>
      Test.createTestingModule({ imports: [UsersModule, MomentoModule.forRoot(options(account))] }).compile(),
    );
    expect(failure).toMatchObject({
      code: 'duplicate-connection',
      message: expect.stringContaining(
        "The Momento connection 'default' is registered more than once in this app.",
      ),
      advice: expect.stringContaining('give a second connection a name of its own'),
    });
    expect(account.secrets.callCount()).toBe(0);
  });

  it('for each connection by its name', async () => {
    const failure = await failureOf(() =>
      Test.createTestingModule({
        imports: [
          MomentoModule.forRoot(options(account)),
          MomentoModule.forRoot({ name: 'analytics', cacheName: ' ' }),
        ],
      }).compile(),
    );
    expect(failure).toMatchObject({
      code: 'invalid-options',
      message: expect.stringContaining("The options of the Momento connection 'analytics' are not valid:"),
    });
  });
});

describe('a boot that may go without', () => {
  it("Momento starts with onConnectError: 'degrade', and finds it when it is there", async () => {
    await account.momento.faults.down();
    const cache = await boot({ ...options(account), bootTimeoutSeconds: 0.3, onConnectError: 'degrade' });
    await account.momento.faults.up();
    await expect.poll(() => cache.set('key', 1).then(() => 'set', String), { timeout: 5_000 }).toBe('set');
  });

  it('the cache creates it with createCaches: true', async () => {
    const cache = await boot({ ...options(account), cacheName: 'new-cache', createCaches: true });
    expect(account.momento.cacheNames).toEqual([cacheName, 'new-cache']);
    await expect(cache.get('key')).resolves.toBeUndefined();
  });

  it.each(wrongSetUps.filter(({ code }) => code === 'key-rejected' || code === 'cache-not-found'))(
    'Momento still fails when $what',
    async ({ code, arrange }) => {
      const wrong = await arrange(account);
      await expect(boot({ ...wrong, onConnectError: 'degrade' })).rejects.toMatchObject({ code });
    },
  );
});
