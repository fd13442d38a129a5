import 'reflect-metadata';
import {
  type CanActivate,
  Controller,
  type ExecutionContext,
  Get,
  Header,
  Injectable,
  Req,
  Res,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import fc from 'fast-check';
import { CacheShared, CacheTtl, HttpCache, MomentoCacheInterceptor } from 'nestjs-momento';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { frameworks, useHttpApps } from './http-app.fixture.js';

interface Request {
  readonly headers: Readonly<Record<string, string | undefined>>;
  user?: string;
}

interface Response {
  header(name: string, value: string): unknown;
}

/** Lets in whom `x-signed-in` names. */
@Injectable()
class Guard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<Request>();
    const name = request.headers['x-signed-in'];
    if (name !== undefined) request.user = name;
    return true;
  }
}

/** All that says who asks. */
const whoAsks = ({ headers, user }: Request) =>
  ['authorization', 'cookie', 'x-api-key', 'x-signed-in'].map((name) => headers[name] ?? '').join('|') +
  (user ?? '');

let calls = 0;

@Controller()
@UseGuards(Guard)
@UseInterceptors(MomentoCacheInterceptor)
@CacheTtl(60)
class AccountController {
  @Get('me')
  me(@Req() request: Request) {
    calls += 1;
    return { who: whoAsks(request) };
  }

  @Get('tenant')
  @HttpCache({ varyBy: ({ headers }) => headers['x-tenant']?.toString() })
  tenant(@Req() request: Request) {
    calls += 1;
    return { tenant: request.headers['x-tenant'] ?? 'none' };
  }

  @Get('shared')
  @CacheShared()
  shared() {
    return { call: (calls += 1) };
  }

  @Get('cookie')
  cookie(@Res({ passthrough: true }) response: Response) {
    response.header('set-cookie', `session=${(calls += 1)}`);
    return { call: calls };
  }

  /** Where a session is begun, which says so last of all. */
  @Get('late-cookie')
  lateCookie() {
    return { call: (calls += 1) };
  }

  @Get('no-store')
  @Header('cache-control', 'no-store')
  noStore() {
    return { call: (calls += 1) };
  }

  @Get('own-private')
  @Header('cache-control', 'private, max-age=60')
  @CacheShared()
  ownPrivate() {
    return { call: (calls += 1) };
  }
}

/** As express-session does it. */
function beginSession(request: { readonly url: string }, response: ServerResponse, next: () => void): void {
  const writeHead = response.writeHead.bind(response);
  response.writeHead = (status: number) => {
    if (request.url === '/late-cookie') response.setHeader('set-cookie', 'session=late');
    return writeHead(status);
  };
  next();
}

const { startHttp } = useHttpApps();

describe.each(frameworks)('private by default on %s', (framework) => {
  const start = async () => {
    calls = 0;
    return startHttp(framework, { controllers: [AccountController], providers: [Guard] }, {}, (app) => {
      if (framework === 'express') app.use(beginSession);
      else
        (app.getHttpAdapter() as FastifyAdapter).getInstance().addHook('onSend', async ({ url }, reply) => {
          if (url === '/late-cookie') reply.header('set-cookie', 'session=late');
        });
    });
  };

  it.each(['authorization', 'cookie', 'x-api-key', 'x-signed-in'])(
    'a request with %s is neither answered from the cache nor stored',
    async (name) => {
      const { get } = await start();
      await get('/me');
      for (const call of [2, 3]) {
        const answer = await get('/me', { [name]: 'ada' });
        expect([calls, answer.headers['x-cache'], answer.headers['cache-control']]).toEqual([
          call,
          undefined,
          undefined,
        ]);
      }
      expect((await get('/me')).body).toEqual({ who: '|||' });
      expect(calls).toBe(3);
    },
  );

  it('two users never get the answer of each other, whatever they send', async () => {
    const { get } = await start();
    const credential = fc.constantFrom('a', 'b', undefined);
    const headers = fc.record({
      authorization: credential,
      cookie: credential,
      'x-api-key': credential,
      'x-signed-in': credential,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(headers, { minLength: 2, maxLength: 6 }), async (requests) => {
        const asked = requests.map((all) =>
          Object.fromEntries(
            Object.entries(all).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
          ),
        ) as Record<string, string>[];
        const answers = await Promise.all(asked.map((one) => get('/me', one)));
        const expected = asked.map((sent) => ({
          who: whoAsks({
            headers: sent,
            ...(sent['x-signed-in'] === undefined ? {} : { user: sent['x-signed-in'] }),
          }),
        }));
        expect(answers.map(({ body }) => body as unknown)).toEqual(expected);
      }),
      { numRuns: 25 },
    );
  });

  it('@CacheShared answers those with credentials as all others, and says public', async () => {
    const { get } = await start();
    const [one, other] = [
      await get('/shared', { cookie: 'a=1' }),
      await get('/shared', { authorization: 'b' }),
    ];
    expect([one.body, other.body, other.headers['x-cache']]).toEqual([{ call: 1 }, { call: 1 }, 'HIT']);
    expect(other.headers['cache-control']).toBe('public, max-age=60');
    expect(other.headers['vary']).toBeUndefined();
  });

  it('varyBy tells answers apart, and one that says nothing passes through', async () => {
    const { get } = await start();
    for (const [tenant, status] of [
      ['a', 'MISS'],
      ['b', 'MISS'],
      ['a', 'HIT'],
      ['b', 'HIT'],
    ] as const) {
      const answer = await get('/tenant', { 'x-tenant': tenant, authorization: `of ${status}` });
      expect([answer.body, answer.headers['x-cache']]).toEqual([{ tenant }, status]);
      expect(answer.headers['cache-control']).toBe('private, max-age=60');
    }
    for (const headers of [{}, { 'x-tenant': '' }])
      expect((await get('/tenant', headers)).headers['x-cache']).toBeUndefined();
  });

  it('tells caches that answers without credentials are not for those with them', async () => {
    const { get } = await start();
    for (const status of ['MISS', 'HIT'])
      expect((await get('/me')).headers).toMatchObject({
        'x-cache': status,
        vary: 'authorization, cookie, x-api-key',
        'cache-control': 'private, max-age=60',
      });
  });

  it.each(['cookie', 'late-cookie', 'no-store', 'own-private'])(
    'an answer that is for one alone is not stored: %s',
    async (path) => {
      const { get } = await start();
      const answers = [await get(`/${path}`), await get(`/${path}`)];
      expect(answers.map(({ body }) => body as unknown)).toEqual([{ call: 1 }, { call: 2 }]);
      expect(answers.map(({ headers }) => headers['x-cache'])).toEqual(['MISS', 'MISS']);
      // Those who waited for the first are answered by the handler, each by itself.
      const together = await Promise.all(Array.from({ length: 5 }, () => get(`/${path}`)));
      expect(new Set(together.map(({ text }) => text)).size).toBe(5);
    },
  );
});
