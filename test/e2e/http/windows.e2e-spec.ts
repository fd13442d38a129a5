import 'reflect-metadata';
import {
  Controller,
  Get,
  HttpException,
  Injectable,
  Res,
  type NestInterceptor,
  UseInterceptors,
} from '@nestjs/common';
import { CacheService, CacheTags, HttpCache, MomentoCacheInterceptor } from 'nestjs-momento';
import { setTimeout as sleep } from 'node:timers/promises';
import { finalize, from } from 'rxjs';
import { beforeEach, describe, expect, it } from 'vitest';
import { frameworks, useHttpApps } from './http-app.fixture.js';

interface Response {
  header(name: string, value: string): unknown;
}

/** What the handlers do next. */
const next = {
  fails: 0,
  waits: 0,
  gate: Promise.resolve(),
  headers: {} as Readonly<Record<string, string>>,
  isObservable: false,
};
let calls = 0;
let completed = 0;

@Injectable()
class Counting implements NestInterceptor {
  intercept(...[, handler]: Parameters<NestInterceptor['intercept']>) {
    return handler.handle().pipe(finalize(() => (completed += 1)));
  }
}

@Controller()
@UseInterceptors(Counting, MomentoCacheInterceptor)
class WindowsController {
  @Get('stale')
  @HttpCache({ ttlSeconds: 0.2, staleSeconds: 60 })
  @CacheTags('stale')
  stale(@Res({ passthrough: true }) response: Response) {
    return answer(response);
  }

  @Get('stale-if-error')
  @HttpCache({ ttlSeconds: 0.2, staleIfErrorSeconds: 60, loaderSoftTimeoutSeconds: 0.2 })
  async staleIfError(@Res({ passthrough: true }) response: Response) {
    return answer(response);
  }

  @Get('fresh')
  @HttpCache({ ttlSeconds: 60, honorsNoCache: true })
  fresh(@Res({ passthrough: true }) response: Response) {
    return answer(response);
  }

  @Get('deaf')
  @HttpCache({ ttlSeconds: 60 })
  deaf(@Res({ passthrough: true }) response: Response) {
    return answer(response);
  }
}

function answer(response: Response) {
  return next.isObservable ? from(promised(response)) : promised(response);
}

async function promised(response: Response) {
  const call = (calls += 1);
  for (const [name, value] of Object.entries(next.headers)) response.header(name, value);
  await next.gate;
  await sleep(next.waits);
  if (next.fails >= 400) throw new HttpException(`fails by ${next.fails}`, next.fails);
  if (next.fails > 0) throw new Error('fails');
  return { call };
}

const { startHttp } = useHttpApps();
beforeEach(() => {
  Object.assign(next, { fails: 0, waits: 0, gate: Promise.resolve(), headers: {}, isObservable: false });
  calls = 0;
  completed = 0;
});

describe.each(frameworks)('windows on %s', (framework) => {
  const start = async () => startHttp(framework, { controllers: [WindowsController], providers: [Counting] });

  it.each([false, true])(
    'hands out what is stale at once, and refreshes it behind; observable: %s',
    async (isObservable) => {
      const app = await start();
      // Nest 12 ends an Observable of a handler when its client leaves.
      const get = async (path: string) => {
        const response = await fetch(app.url + path);
        return { body: await response.json(), headers: Object.fromEntries(response.headers) };
      };
      const first = await get('/stale');
      expect(first.headers['cache-control']).toBe('private, max-age=0, stale-while-revalidate=60');
      await sleep(250);
      let release = () => undefined as void;
      const gate = new Promise<void>((resolve) => (release = resolve));
      Object.assign(next, { gate, isObservable, headers: { link: '<second>' } });
      // All are answered although the handler is not.
      const answers = [
        await get('/stale'),
        ...(await Promise.all(Array.from({ length: 10 }, () => get('/stale')))),
      ];
      for (const stale of answers)
        expect([stale.body, stale.headers['x-cache'], stale.headers['age']]).toEqual([
          { call: 1 },
          'STALE',
          expect.stringMatching(/^\d+$/),
        ]);
      expect(calls).toBe(2);
      expect(completed).toBe(11);
      release();
      await until(() => completed === 12);
      let fresh = answers[0];
      await until(async () => (fresh = await get('/stale')).headers['etag'] !== first.headers['etag']);
      expect([fresh?.body, fresh?.headers['link']]).toEqual([{ call: 2 }, '<second>']);
    },
  );

  it('keeps what is stale when a refresh fails, and tells nobody but the log', async () => {
    const { get } = await start();
    await get('/stale');
    await sleep(250);
    next.fails = 1;
    for (let count = 0; count < 3; count += 1) {
      const stale = await get('/stale');
      expect([stale.status, stale.body, stale.headers['x-cache']]).toEqual([200, { call: 1 }, 'STALE']);
    }
    expect((await get('/stale')).status).toBe(200);
  });

  it('forgets what is stale when a refresh finds that there is nothing any more', async () => {
    const { get } = await start();
    await get('/stale');
    await sleep(250);
    next.fails = 404;
    expect((await get('/stale')).headers['x-cache']).toBe('STALE');
    await until(async () => (await get('/stale')).status === 404);
    next.fails = 0;
    expect((await get('/stale')).headers['x-cache']).toBe('MISS');
  });

  it('does not bring back what was invalidated while it was refreshed behind', async () => {
    const { get, app } = await start();
    await get('/stale');
    await sleep(250);
    next.waits = 200;
    expect((await get('/stale')).headers['x-cache']).toBe('STALE');
    await until(() => calls === 2);
    await app.get(CacheService).invalidateTags('stale');
    next.waits = 0;
    expect((await get('/stale')).body).toEqual({ call: 3 });
    await sleep(300);
    expect((await get('/stale')).body).toEqual({ call: 3 });
  });

  it('hands out what is stale when the handler fails, and what the client did wrong all the same', async () => {
    const { get } = await start();
    await get('/stale-if-error');
    await sleep(250);
    for (const fails of [1, 500, 503]) {
      next.fails = fails;
      const stale = await get('/stale-if-error');
      expect([stale.status, stale.body, stale.headers['x-cache']]).toEqual([200, { call: 1 }, 'STALE']);
    }
    next.fails = 404;
    expect((await get('/stale-if-error')).status).toBe(404);
    next.fails = 500;
    expect((await get('/stale-if-error')).status).toBe(500);
  });

  it('answers all who wait when the handler fails, after one call of it', async () => {
    const { get } = await start();
    Object.assign(next, { fails: 503, waits: 100 });
    const answers = await Promise.all(Array.from({ length: 10 }, () => get('/fresh')));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 503));
    expect(calls).toBe(1);
    next.fails = 0;
    expect((await get('/fresh')).headers['x-cache']).toBe('MISS');
  });

  it('hands out what is stale when the handler is slow, with nothing of the answer to come, which is stored', async () => {
    const { get } = await start();
    await get('/stale-if-error');
    await sleep(250);
    Object.assign(next, { waits: 500, headers: { 'last-modified': 'Mon, 30 Nov 2026 00:00:00 GMT' } });
    const stale = await get('/stale-if-error');
    expect([stale.body, stale.headers['x-cache'], stale.headers['last-modified']]).toEqual([
      { call: 1 },
      'STALE',
      undefined,
    ]);
    await until(() => completed === 2);
    next.waits = 0;
    let later = stale;
    await until(async () => (later = await get('/stale-if-error')).headers['x-cache'] === 'HIT');
    expect(later.headers['last-modified']).toBe('Mon, 30 Nov 2026 00:00:00 GMT');
    expect(later.body).not.toEqual({ call: 1 });
  });

  it('sends with what is stale no cookie that belongs to the answer to come', async () => {
    const { get } = await start();
    await get('/stale-if-error');
    await sleep(250);
    Object.assign(next, { waits: 400, headers: { 'set-cookie': 'session=1' } });
    const { headers } = await get('/stale-if-error');
    expect([headers['x-cache'], headers['set-cookie']]).toEqual(['STALE', undefined]);
    await until(() => completed === 2);
  });

  it('honours no-cache, no-store and max-age=0 of a client when asked, and replaces what was stored', async () => {
    const { get } = await start();
    for (const [directive, expected] of [
      [undefined, [1, 'MISS']],
      ['no-cache', [2, 'REFRESH']],
      [undefined, [2, 'HIT']],
      ['max-age=0', [3, 'REFRESH']],
      ['No-Store', [4, undefined]],
      [undefined, [3, 'HIT']],
    ] as const) {
      const { body, headers } = await get(
        '/fresh',
        directive === undefined ? {} : { 'cache-control': directive },
      );
      expect([(body as { readonly call: number }).call, headers['x-cache']]).toEqual(expected);
    }
    Object.assign(next, { headers: { 'cache-control': 'no-store' } });
    expect((await get('/fresh', { 'cache-control': 'no-cache' })).body).toEqual({ call: 5 });
    expect((await get('/fresh')).body).toEqual({ call: 6 });
  });

  it('does not honour them otherwise: anyone can send them', async () => {
    const { get } = await start();
    await get('/deaf');
    for (const directive of ['no-cache', 'no-store', 'max-age=0'])
      expect((await get('/deaf', { 'cache-control': directive })).headers['x-cache']).toBe('HIT');
  });

  it('goes by the shorter time that the handler says', async () => {
    const { get } = await start();
    next.headers = { 'cache-control': 's-maxage=0, max-age=60' };
    await get('/deaf');
    expect((await get('/deaf')).headers['x-cache']).toBe('MISS');
    next.headers = { 'cache-control': 'max-age=1' };
    await get('/deaf');
    expect((await get('/deaf')).headers).toMatchObject({ 'x-cache': 'HIT', 'cache-control': 'max-age=1' });
    await sleep(1_100);
    expect((await get('/deaf')).headers['x-cache']).toBe('MISS');
  });
});

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(20);
}
