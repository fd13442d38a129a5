import 'reflect-metadata';
import {
  Body,
  Controller,
  Get,
  HttpException,
  type INestApplication,
  Injectable,
  type NestInterceptor,
  Req,
  Res,
  UseInterceptors,
  Version,
  VersioningType,
} from '@nestjs/common';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import {
  CacheService,
  CacheShared,
  CacheTags,
  CacheTtl,
  HttpCache,
  MomentoCacheInterceptor,
} from 'nestjs-momento';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { timeout } from 'rxjs';
import { beforeEach, describe, expect, it } from 'vitest';
import { frameworks, useHttpApps } from './http-app.fixture.js';

let calls = 0;
let during: () => Promise<unknown> = async () => undefined;
beforeEach(() => {
  calls = 0;
  during = async () => undefined;
});

interface Passing {
  header(name: string, value: string): unknown;
}

/** Gives up before anything can answer, when asked. */
@Injectable()
class Impatient implements NestInterceptor {
  intercept(...[context, next]: Parameters<NestInterceptor['intercept']>) {
    const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string | undefined> }>();
    const patienceMs = Number(headers['x-patience'] ?? 5_000);
    return next.handle().pipe(timeout(patienceMs));
  }
}

@Controller()
@UseInterceptors(Impatient, MomentoCacheInterceptor)
@CacheTtl(60)
class EdgesController {
  @Get('patience')
  async patience() {
    calls += 1;
    await during();
    return { call: calls };
  }

  @Get('patience-stale')
  @HttpCache({ ttlSeconds: 0.2, staleSeconds: 60 })
  async patienceStale() {
    calls += 1;
    await during();
    return { call: calls };
  }

  @Get('endless')
  async endless() {
    await new Promise(() => undefined);
  }

  @Get('versioned')
  @Version('1')
  one() {
    return { version: 1 };
  }

  @Get('versioned')
  @Version('2')
  two() {
    return { version: 2 };
  }

  @Get('who')
  @CacheShared()
  who(
    @Req() request: { headers: Record<string, string | undefined> },
    @Res({ passthrough: true }) response: Passing,
  ) {
    response.header('vary', 'Cookie, Authorization');
    return { who: `${request.headers['cookie']} ${request.headers['authorization']}` };
  }

  @Get('body')
  body(@Body() body: unknown) {
    calls += 1;
    return { body: body ?? null, call: calls };
  }

  @Get('refreshed')
  @HttpCache({ honorsNoCache: true })
  @CacheTags('refreshed')
  async refreshed() {
    const call = (calls += 1);
    await during();
    return { call };
  }

  @Get('expired')
  expired(@Res({ passthrough: true }) response: Passing) {
    response.header('expires', '0');
    return { call: (calls += 1) };
  }

  @Get('busy')
  @HttpCache({ ttlSeconds: 0.2, staleSeconds: 60 })
  async busy() {
    calls += 1;
    await during();
    return { call: calls };
  }

  @Get('secret')
  secret() {
    return { name: 'n', password: 'p' };
  }

  @Get('circular')
  circular() {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    return circular;
  }

  @Get('latin')
  latin(@Res({ passthrough: true }) response: { readonly raw?: ServerResponse } & ServerResponse) {
    calls += 1;
    (response.raw ?? response).setHeader('content-type', 'text/plain; charset=latin1');
    (response.raw ?? response).end('é', 'latin1');
  }

  @Get('hook')
  hook() {
    return { call: (calls += 1) };
  }
}

const { startHttp } = useHttpApps();

describe.each(frameworks)('edges on %s', (framework) => {
  const start = async (prepare: (app: INestApplication) => unknown = () => undefined) =>
    startHttp(framework, { controllers: [EdgesController], providers: [Impatient] }, {}, async (app) => {
      app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' });
      await prepare(app);
    });

  it.each(['patience', 'patience-stale'])('who gives up around it blocks nobody: %s', async (path) => {
    const { get } = await start();
    if (path === 'patience-stale') {
      await get(`/${path}`);
      await sleep(250);
    }
    for (let count = 0; count < 3; count += 1) await get(`/${path}`, { 'x-patience': '0' });
    const answer = await get(`/${path}`);
    expect([answer.status, calls > 0]).toEqual([200, true]);
  });

  it('who gives up while the handler runs blocks nobody', async () => {
    const { get } = await start();
    during = () => sleep(100);
    expect((await get('/patience', { 'x-patience': '20' })).status).toBe(500);
    expect((await get('/patience')).status).toBe(200);
  });

  it('a client whose answer waits behind another one blocks no refresh', async () => {
    const { get, url } = await start();
    await get('/patience-stale');
    await sleep(250);
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const ask = (path: string, patienceMs: number) =>
      `GET ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nx-patience: ${patienceMs}\r\n\r\n`;
    socket.write(ask('/endless', 1_500) + ask('/patience-stale', 5_000));
    await sleep(100);
    expect((await get('/patience-stale')).headers['x-cache']).toBe('STALE');
    socket.destroy();
    while ((await get('/patience-stale')).headers['x-cache'] !== 'HIT') await sleep(50);
    expect(calls).toBeGreaterThan(1);
  });

  it('versions that a header names have answers of their own', async () => {
    const { get } = await start();
    for (const status of ['MISS', 'HIT'])
      for (const version of [1, 2]) {
        const answer = await get('/versioned', { 'x-version': String(version) });
        expect([answer.body, answer.headers['x-cache']]).toEqual([{ version }, status]);
      }
  });

  it('what says that it varies by who asks does so, shared or not', async () => {
    const { get } = await start();
    for (const headers of [{ cookie: 'ada' }, { cookie: 'bob' }, { authorization: 'bob' }, { cookie: 'ada' }])
      expect((await get('/who', headers)).body).toEqual({
        who: `${Reflect.get(headers, 'cookie')} ${Reflect.get(headers, 'authorization')}`,
      });
  });

  it('a GET with a body passes through', async () => {
    const { url, get } = await start();
    const { port } = new URL(url);
    const ask = async (body: string) => {
      const socket = connect(Number(port), '127.0.0.1');
      let answer = '';
      socket.setEncoding('utf8').on('data', (data: string) => (answer += data));
      socket.write(
        `GET /body HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
      );
      await new Promise((resolve) => socket.once('close', resolve));
      return answer.toLowerCase();
    };
    expect(await ask('{"a":1}')).not.toContain('x-cache');
    expect(await ask('{"a":2}')).toContain('"call":2');
    expect((await get('/body')).headers['x-cache']).toBe('MISS');
  });

  it('what was invalidated while a client wanted it anew is not stored', async () => {
    const { get, app } = await start();
    await get('/refreshed');
    during = () => app.get(CacheService).invalidateTags('refreshed');
    expect((await get('/refreshed', { 'cache-control': 'no-cache' })).headers['x-cache']).toBe('REFRESH');
    during = async () => undefined;
    expect((await get('/refreshed')).headers['x-cache']).toBe('MISS');
  });

  it('goes by an Expires of the handler', async () => {
    const { get } = await start();
    for (const call of [1, 2]) {
      const { body, headers } = await get('/expired');
      expect([body, headers['cache-control'], headers['expires']]).toEqual([{ call }, undefined, '0']);
    }
  });

  it('keeps what is stale when there are too many requests, or a 304 was sent', async () => {
    const { get } = await start();
    const { headers } = await get('/busy');
    await sleep(250);
    during = () => Promise.reject(new HttpException('busy', 429));
    for (let count = 0; count < 3; count += 1)
      expect((await get('/busy', { 'if-none-match': String(headers['etag']) })).status).toBe(304);
    expect((await get('/busy')).body).toEqual({ call: 1 });
  });

  it('what a handler sends in another encoding stays what it is', async () => {
    const { url } = await start();
    for (const _ of [1, 2]) {
      const answer = await fetch(`${url}/latin`);
      expect([...new Uint8Array(await answer.arrayBuffer())]).toEqual([0xe9]);
    }
  });

  it('an answer that cannot be serialized is an error, for all who wait', async () => {
    const { get } = await start();
    const answers = await Promise.all(Array.from({ length: 3 }, () => get('/circular')));
    expect(answers.map(({ status }) => status)).toEqual([500, 500, 500]);
  });

  it('status and length that loggers see are those that were sent', async () => {
    const seen: number[] = [];
    const { get } = await start((app) => {
      app
        .getHttpServer()
        .on('request', (_request: unknown, response: NodeJS.EventEmitter & { statusCode: number }) => {
          response.on('finish', () => seen.push(response.statusCode));
        });
    });
    const { headers } = await get('/hook');
    await get('/hook', { 'if-none-match': String(headers['etag']) });
    await get('/hook');
    expect(seen).toEqual([200, 304, 200]);
  });
});

interface Hooked {
  addHook(
    name: 'preSerialization' | 'preHandler' | 'onSend',
    hook: (request: unknown, reply: Serializing, payload: unknown) => Promise<unknown>,
  ): unknown;
}

interface Serializing {
  serializer(serialize: (payload: unknown) => string): unknown;
}

describe('hooks of Fastify', () => {
  const start = async (prepare: (fastify: Hooked) => unknown) =>
    startHttp('fastify', { controllers: [EdgesController], providers: [Impatient] }, {}, (app) => {
      app.enableVersioning({ type: VersioningType.HEADER, header: 'x-version' });
      prepare((app.getHttpAdapter() as FastifyAdapter).getInstance());
    });

  it('of preSerialization run before an answer is stored', async () => {
    const { get } = await start((fastify) =>
      fastify.addHook('preSerialization', async (_request, _reply, payload) => ({
        ...(payload as object),
        password: undefined,
      })),
    );
    for (const status of ['MISS', 'HIT']) {
      const answer = await get('/secret');
      expect([answer.text, answer.headers['x-cache']]).toEqual(['{"name":"n"}', status]);
    }
  });

  it('of preSerialization keep an answer from being refreshed behind, where they would not run', async () => {
    const { get } = await start((fastify) =>
      fastify.addHook('preSerialization', async (_request, _reply, payload) => ({
        ...(payload as object),
        hooked: true,
      })),
    );
    await get('/busy');
    await sleep(250);
    for (let count = 0; count < 5; count += 1)
      expect((await get('/busy')).body).toEqual({ call: 1, hooked: true });
  });

  it('that set a serializer are heard, once', async () => {
    const { get } = await start((fastify) =>
      fastify.addHook('preHandler', async (_request, reply) => {
        reply.serializer((payload) => `<${JSON.stringify(payload)}>`);
      }),
    );
    const [first, second] = [await get('/secret'), await get('/secret')];
    expect(second.text).toBe(first.text);
  });

  it('of onSend that fail are an error, on a hit as well', async () => {
    let isFailing = false;
    const { get } = await start((fastify) =>
      fastify.addHook('onSend', async () => {
        await sleep(1);
        if (isFailing) throw new Error('the store of sessions is down');
      }),
    );
    await get('/hook');
    isFailing = true;
    expect((await get('/hook')).status).toBe(500);
    isFailing = false;
    expect((await get('/hook')).headers['x-cache']).toBe('HIT');
  });
});
