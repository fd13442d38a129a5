import 'reflect-metadata';
import {
  Controller,
  Get,
  Header,
  Head,
  HttpCode,
  NotFoundException,
  Param,
  Post,
  Query,
  UseInterceptors,
} from '@nestjs/common';
import {
  CacheEvict,
  CacheKey,
  CacheService,
  CacheTags,
  CacheTtl,
  HttpCache,
  MomentoCacheInterceptor,
  NoCache,
} from 'nestjs-momento';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { frameworks, useHttpApps } from './http-app.fixture.js';

const { startHttp, servers } = useHttpApps();

let calls: string[] = [];

@Controller('items')
@UseInterceptors(MomentoCacheInterceptor)
@CacheTtl(60)
class ItemsController {
  @Get('by-tag/:id')
  @CacheTags((request: { readonly params: { readonly id: string } }) => [
    'items',
    `item:${request.params.id}`,
  ])
  byTag(@Param('id') id: string) {
    return { id, call: calls.push(id) };
  }

  @Post('by-tag/:id')
  @HttpCode(200)
  @CacheEvict({ tags: (id: string) => [`item:${id}`] })
  async change(@Param('id') id: string) {
    return { id };
  }

  @Get('keyed')
  @CacheKey('keyed')
  keyed(@Query('q') query: string) {
    calls.push(query);
    return { query };
  }

  @Get('plain')
  @NoCache()
  plain() {
    return { call: calls.push('plain') };
  }

  @Get('slow')
  async slow() {
    calls.push('slow');
    await sleep(50);
    return { slow: calls.length };
  }

  @Get('missing')
  @HttpCache({ statuses: [404] })
  missing() {
    calls.push('missing');
    throw new NotFoundException('no such item');
  }

  @Get('missing-uncached')
  missingUncached() {
    calls.push('missing');
    throw new NotFoundException('no such item');
  }

  @Get('text')
  @Header('content-type', 'text/csv')
  text() {
    calls.push('text');
    return 'a,ä\n';
  }

  @Get('bytes')
  @Header('content-type', 'application/pdf')
  bytes() {
    calls.push('bytes');
    return 'é%PDF';
  }

  @Get('empty')
  @HttpCode(204)
  @HttpCache({ statuses: [204] })
  empty() {
    calls.push('empty');
  }

  @Get('falsy')
  falsy() {
    calls.push('falsy');
    return '';
  }

  @Head('own-head')
  @Header('x-own', 'head')
  ownHead() {
    calls.push('head');
  }

  @Get('own-head')
  withOwnHead() {
    calls.push('get');
    return { body: true };
  }

  @Get(':id')
  find(@Param('id') id: string, @Query() query: Record<string, string>) {
    calls.push(id);
    return { id, query };
  }
}

describe.each(frameworks)('MomentoCacheInterceptor on %s', (framework) => {
  const start = async () => {
    calls = [];
    return startHttp(framework, { controllers: [ItemsController] });
  };

  it('answers the second time from the cache, with status, headers and body as they were', async () => {
    const { get } = await start();
    for (const path of ['7', 'text', 'bytes', 'falsy']) {
      const [first, second] = [await get(`/items/${path}`), await get(`/items/${path}`)];
      expect([path, first.headers['x-cache'], second.headers['x-cache']]).toEqual([path, 'MISS', 'HIT']);
      expect([
        second.status,
        second.text,
        second.headers['content-type'],
        second.headers['content-length'],
      ]).toEqual([first.status, first.text, first.headers['content-type'], first.headers['content-length']]);
      expect(second.headers['etag']).toBe(first.headers['etag']);
      expect(second.headers['age']).toBe('0');
      expect(first.headers['age']).toBeUndefined();
    }
    expect(calls).toEqual(['7', 'text', 'bytes', 'falsy']);
  });

  it('stores what was read in Momento, where another process finds it', async () => {
    const [one, other] = [await start(), await startHttp(framework, { controllers: [ItemsController] })];
    const [first, second] = [
      await one.get('/items/7', { host: 'h' }),
      await other.get('/items/7', { host: 'h' }),
    ];
    expect([first.headers['x-cache'], second.headers['x-cache']]).toEqual(['MISS', 'HIT']);
    expect(calls).toEqual(['7']);
  });

  it('takes a query for the same in any order, and host, path and method apart', async () => {
    const { get, send } = await start();
    await get('/items/7?b=2&a=1');
    expect((await get('/items/7?a=1&b=2')).headers['x-cache']).toBe('HIT');
    for (const [path, headers] of [
      ['/items/7', {}],
      ['/items/7?a=1', {}],
      ['/items/7?a=1&b=2&b=3', {}],
      ['/items/8?a=1&b=2', {}],
      ['/items/7?a=1&b=2', { host: 'another.example' }],
      ['/items/7?a=1&b=2', { host: 'another.example:81' }],
    ] as const)
      expect((await get(path, headers)).headers['x-cache']).toBe('MISS');
    expect((await send('head', '/items/7?a=1&b=2')).headers['x-cache']).toBe('MISS');
  });

  it('runs the handler once for however many ask at once', async () => {
    const { get } = await start();
    const answers = await Promise.all(Array.from({ length: 30 }, () => get('/items/slow')));
    expect(calls).toEqual(['slow']);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers['x-cache'] === 'MISS')).toHaveLength(1);
  });

  it('answers HEAD from a HEAD, with the length and without the body', async () => {
    const { get, send } = await start();
    const [first, second] = [await send('head', '/items/7'), await send('head', '/items/7')];
    const whole = await get('/items/7');
    expect([first.headers['x-cache'], second.headers['x-cache'], whole.headers['x-cache']]).toEqual([
      'MISS',
      'HIT',
      'MISS',
    ]);
    expect(second.headers['content-length']).toBe(whole.headers['content-length']);
    expect(second.headers['etag']).toBe(whole.headers['etag']);
    expect(second.text ?? '').toBe('');
  });

  it('evicts by tag what a GET has cached', async () => {
    const { get, send } = await start();
    await get('/items/by-tag/1');
    await get('/items/by-tag/2');
    expect((await send('post', '/items/by-tag/1')).status).toBe(200);
    expect((await get('/items/by-tag/1')).headers['x-cache']).toBe('MISS');
    expect((await get('/items/by-tag/2')).headers['x-cache']).toBe('HIT');
  });

  it('keys by @CacheKey in the place of host and path, and leaves @NoCache alone', async () => {
    const { get } = await start();
    await get('/items/keyed?q=1');
    const other = await get('/items/keyed?q=2', { host: 'h' });
    expect([other.headers['x-cache'], other.body]).toEqual(['HIT', { query: '1' }]);
    for (const call of [2, 3]) {
      const plain = await get('/items/plain');
      expect([plain.body, plain.headers['x-cache']]).toEqual([{ call }, undefined]);
    }
  });

  it('stores other statuses when asked, those of exceptions as well, and no others', async () => {
    const { get } = await start();
    for (const path of ['missing', 'empty']) {
      const [first, second] = [await get(`/items/${path}`), await get(`/items/${path}`)];
      expect([second.headers['x-cache'], second.status, second.body]).toEqual([
        'HIT',
        first.status,
        first.body,
      ]);
    }
    expect((await get('/items/missing')).body).toMatchObject({ message: 'no such item' });
    await get('/items/missing-uncached');
    const again = await get('/items/missing-uncached');
    expect([again.status, again.headers['x-cache'], again.headers['cache-control']]).toEqual([
      404,
      'MISS',
      undefined,
    ]);
    expect(calls).toEqual(['missing', 'empty', 'missing', 'missing']);
  });

  it('keeps the answers of a HEAD handler apart from those of GET', async () => {
    const { get, send } = await start();
    await send('head', '/items/own-head');
    expect((await get('/items/own-head')).body).toEqual({ body: true });
    expect((await get('/items/own-head')).body).toEqual({ body: true });
  });

  it('answers all the same while Momento is down', async () => {
    const { get } = await start();
    await servers.momento.stop();
    expect((await get('/items/7')).body).toMatchObject({ id: '7' });
    expect((await get('/items/7')).headers['x-cache']).toBe('MISS');
  });

  it('is counted by the statistics of the cache', async () => {
    const { get, app } = await start();
    await get('/items/7');
    await get('/items/7');
    const { hits, joined, misses, loads } = app.get(CacheService).stats();
    // The second may come while the first is being written.
    expect([hits + joined, misses, loads]).toEqual([1, 1, 1]);
  });
});
