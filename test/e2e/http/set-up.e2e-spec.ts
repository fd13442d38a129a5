import 'reflect-metadata';
import {
  Controller,
  type ExecutionContext,
  Get,
  Inject,
  Param,
  Scope,
  UseInterceptors,
} from '@nestjs/common';
import { APP_INTERCEPTOR, HttpAdapterHost, REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  CacheKey,
  CacheService,
  CacheTags,
  CacheTtl,
  getCacheServiceToken,
  HttpCache,
  MomentoCacheInterceptor,
  MomentoModule,
} from 'nestjs-momento';
import { overrideMomento } from 'nestjs-momento/testing';
import { connect } from 'node:net';
import { firstValueFrom, of } from 'rxjs';
import supertest from 'supertest';
import { beforeEach, describe, expect, it } from 'vitest';
import { frameworks, useHttpApps } from './http-app.fixture.js';

let calls = 0;
/** Resolves when a handler runs. */
let running: () => void = () => undefined;
let begun: Promise<void>;
beforeEach(() => {
  calls = 0;
  begun = new Promise((resolve) => (running = resolve));
});

@Controller('pages')
class PagesController {
  @Get(':id')
  find(@Param('id') id: string) {
    calls += 1;
    return { id };
  }
}

@Controller('twice')
@UseInterceptors(MomentoCacheInterceptor)
class TwiceController extends PagesController {}

@Controller({ path: 'scoped', scope: Scope.REQUEST })
@UseInterceptors(MomentoCacheInterceptor)
class ScopedController {
  constructor(@Inject(REQUEST) readonly request: { readonly url: string }) {}

  @Get()
  find() {
    calls += 1;
    return { url: this.request.url };
  }
}

@CacheTtl(30)
@CacheTags('base')
abstract class BaseController {
  @Get('own')
  @CacheTtl(5)
  own() {
    return { call: (calls += 1) };
  }

  @Get('base')
  base() {
    return { call: (calls += 1) };
  }
}

@Controller('derived')
@UseInterceptors(MomentoCacheInterceptor)
@CacheTags('derived')
class DerivedController extends BaseController {}

@Controller('long')
@UseInterceptors(MomentoCacheInterceptor)
class LongController {
  @Get('slow')
  async slow() {
    calls += 1;
    running();
    await new Promise((resolve) => setTimeout(resolve, 200));
    return { call: calls };
  }
}

const { startHttp, options: connection } = useHttpApps();

describe.each(frameworks)('set up on %s', (framework) => {
  it('for all routes, beside one of a controller', async () => {
    const { get } = await startHttp(framework, {
      controllers: [PagesController, TwiceController],
      providers: [{ provide: APP_INTERCEPTOR, useClass: MomentoCacheInterceptor }],
    });
    for (const path of ['/pages/1', '/twice/1'])
      for (const status of ['MISS', 'HIT']) expect((await get(path)).headers['x-cache']).toBe(status);
    expect(calls).toBe(2);
  });

  it('with options and a connection of its own', async () => {
    const { get } = await startHttp(framework, {
      imports: [
        MomentoModule.forRoot({ ...connection({ cacheName: 'pages', createCaches: true }), name: 'pages' }),
      ],
      controllers: [PagesController],
      providers: [
        {
          provide: APP_INTERCEPTOR,
          inject: [getCacheServiceToken('pages'), HttpAdapterHost],
          useFactory: (cache: CacheService, host: HttpAdapterHost) =>
            new MomentoCacheInterceptor(cache, host, { ttlSeconds: 7 }),
        },
      ],
    });
    await get('/pages/1');
    const { headers } = await get('/pages/1');
    expect(headers).toMatchObject({ 'x-cache': 'HIT', 'cache-control': 'private, max-age=7' });
  });

  it('by the defaults and the prefix of the connection', async () => {
    const momento = { cache: { ttlSeconds: 9, staleSeconds: 3, keyPrefix: 'app:', nearCache: {} } };
    const { get, app } = await startHttp(framework, { controllers: [TwiceController] }, momento);
    await get('/twice/1');
    const { headers } = await get('/twice/1');
    expect(headers['cache-control']).toBe('private, max-age=9, stale-while-revalidate=3');
    // The second may have come while the first was being written.
    await get('/twice/1');
    expect(app.get(CacheService).stats().nearHits).toBeGreaterThan(0);
  });

  it('on a controller of a request scope', async () => {
    const { get } = await startHttp(framework, { controllers: [ScopedController] });
    await get('/scoped');
    expect((await get('/scoped')).headers['x-cache']).toBe('HIT');
    expect(calls).toBe(1);
  });

  it('what stands on a route wins over its controller, and that over what it extends', async () => {
    const { get, app } = await startHttp(framework, { controllers: [DerivedController] });
    expect((await get('/derived/own')).headers['cache-control']).toBe('private, max-age=5');
    expect((await get('/derived/base')).headers['cache-control']).toBe('private, max-age=30');
    await app.get(CacheService).invalidateTags('base');
    expect((await get('/derived/base')).headers['x-cache']).toBe('HIT');
    await app.get(CacheService).invalidateTags('derived');
    expect((await get('/derived/base')).headers['x-cache']).toBe('MISS');
  });

  it('in an e2e test in which the cache is replaced, or is local', async () => {
    for (const replace of ['value', 'momento']) {
      const building = Test.createTestingModule({
        imports: [MomentoModule.forRoot({ cacheName: 'demo-cache' })],
        controllers: [TwiceController],
      });
      const replaced =
        replace === 'value'
          ? building.overrideProvider(CacheService).useValue({ get: () => undefined })
          : overrideMomento(building);
      const app = (await replaced.compile()).createNestApplication({ logger: false });
      // Supertest listens at another port for each request.
      await app.init();
      for (const status of replace === 'value' ? [undefined, undefined] : ['MISS', 'HIT'])
        expect((await supertest(app.getHttpServer()).get('/twice/1')).headers['x-cache']).toBe(status);
      await app.close();
    }
  });

  it('a client that leaves takes nothing from those who wait', async () => {
    const { url, get } = await startHttp(framework, { controllers: [LongController] });
    const leaving = connect(Number(new URL(url).port), '127.0.0.1');
    leaving.write('GET /long/slow HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n');
    await begun;
    const waiting = get('/long/slow');
    await new Promise((resolve) => setTimeout(resolve, 20));
    leaving.destroy();
    // Express writes no headers for who is gone, so that it is not known what they would have been: the next one's turn.
    expect((await waiting).body).toEqual({ call: framework === 'express' ? 2 : 1 });
  });

  it('an app closes while requests wait, within its limit', async () => {
    const { app, get } = await startHttp(
      framework,
      { controllers: [LongController] },
      { shutdownTimeoutSeconds: 2 },
    );
    const asked = get('/long/slow');
    await begun;
    await app.close();
    expect((await asked).body).toEqual({ call: 1 });
  });

  it('takes whatever a client names, as one key', async () => {
    const { url, get } = await startHttp(framework, { controllers: [TwiceController] });
    const paths = [
      `/twice/${encodeURIComponent('\n\0é#?')}`,
      `/twice/1?${'x'.repeat(4_000)}`,
      '/twice/1?__proto__=1',
      '/twice/%2e%2e',
    ];
    for (const path of paths)
      for (const status of ['MISS', 'HIT'])
        expect([path, (await get(path)).headers['x-cache']]).toEqual([path, status]);
    // In absolute form, as to a proxy.
    const { port } = new URL(url);
    const answer = await raw(Number(port), 'GET key:own HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 (400|404)/);
  });
});

it('passes through where there is no HTTP', async () => {
  const interceptor = new MomentoCacheInterceptor({} as CacheService, {} as HttpAdapterHost);
  for (const type of ['rpc', 'ws', 'graphql']) {
    const context = { getType: () => type } as unknown as ExecutionContext;
    expect(await firstValueFrom(interceptor.intercept(context, { handle: () => of(type) }) as never)).toBe(
      type,
    );
  }
});

it.each([
  [() => CacheTtl(0), '@CacheTtl(): ttlSeconds: must be a number of seconds above 0, not 0'],
  [() => CacheKey(''), '@CacheKey(): key: must be a filled string or a function'],
  [() => CacheTags(''), '@CacheTags(): tags: must be'],
  [() => HttpCache({ statuses: [500 as never] }), 'statuses: must be some of 203, 204, 300, 301, 404, 410'],
  [() => HttpCache({ headers: ['Set-Cookie'] }), 'headers: must be names of headers, but for set-cookie'],
  [() => HttpCache({ staleSeconds: -1 }), 'staleSeconds: must be a number of seconds, 0 or more'],
  [() => HttpCache({ ttl: 5 } as never), 'ttl: is not an option'],
  [
    () => new MomentoCacheInterceptor({} as CacheService, {} as HttpAdapterHost, { varyBy: 'x' as never }),
    'varyBy: must be a function',
  ],
])('says what is wrong with an option where it is declared: %s', (declare, message) => {
  expect(declare).toThrow(TypeError);
  expect(declare).toThrow(message);
});

async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.setEncoding('utf8').on('data', (data: string) => (answer += data));
  socket.write(text);
  await new Promise((resolve) => socket.once('close', resolve));
  return answer;
}
