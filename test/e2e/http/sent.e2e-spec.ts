import 'reflect-metadata';
import fastifyCompress from '@fastify/compress';
import {
  ClassSerializerInterceptor,
  Controller,
  Get,
  Header,
  type INestApplication,
  Injectable,
  type NestInterceptor,
  Param,
  ParseIntPipe,
  Query,
  Redirect,
  Req,
  Res,
  Sse,
  StreamableFile,
  UseInterceptors,
  ValidationPipe,
} from '@nestjs/common';
import type { FastifyAdapter } from '@nestjs/platform-fastify';
import { Exclude } from 'class-transformer';
import { IsNumberString } from 'class-validator';
import compression from 'compression';
import { CacheTtl, HttpCache, MomentoCacheInterceptor } from 'nestjs-momento';
import { Readable } from 'node:stream';
import { interval, map, of, take } from 'rxjs';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Framework, frameworks, useHttpApps } from './http-app.fixture.js';

class User {
  readonly name = 'n';
  @Exclude() readonly password = 'secret';
}

class Page {
  @IsNumberString() readonly page!: string;
}

@Injectable()
class Wrapping implements NestInterceptor {
  intercept(...[, next]: Parameters<NestInterceptor['intercept']>) {
    return next.handle().pipe(map((data: unknown) => ({ data })));
  }
}

let calls = 0;

@Controller()
@CacheTtl(60)
class SentController {
  @Get('serializer-outer')
  @UseInterceptors(ClassSerializerInterceptor, MomentoCacheInterceptor)
  outer() {
    calls += 1;
    return new User();
  }

  @Get('serializer-inner')
  @UseInterceptors(MomentoCacheInterceptor, ClassSerializerInterceptor)
  inner() {
    calls += 1;
    return new User();
  }

  @Get('wrapped')
  @UseInterceptors(Wrapping, MomentoCacheInterceptor)
  wrapped() {
    return { call: (calls += 1) };
  }

  @Get('validated')
  @UseInterceptors(MomentoCacheInterceptor)
  validated(@Query() page: Page) {
    calls += 1;
    return page;
  }

  @Get('long')
  @UseInterceptors(MomentoCacheInterceptor)
  long() {
    calls += 1;
    return { text: 'long '.repeat(1_000) };
  }

  @Get('number/:id')
  @UseInterceptors(MomentoCacheInterceptor)
  number(@Param('id', ParseIntPipe) id: number) {
    calls += 1;
    return of(id);
  }

  @Get('buffer')
  @UseInterceptors(MomentoCacheInterceptor)
  buffer(@Res({ passthrough: true }) response: { send(body: Buffer): unknown }) {
    calls += 1;
    response.send(Buffer.from([0, 255, 128]));
  }
}

@Controller()
@UseInterceptors(MomentoCacheInterceptor)
@CacheTtl(60)
class PassingController {
  @Get('file')
  file() {
    calls += 1;
    return new StreamableFile(Buffer.from(`file ${calls}`));
  }

  @Get('endless')
  endless() {
    calls += 1;
    const stream = new Readable({ read: () => undefined });
    stream.push('begins');
    return new StreamableFile(stream);
  }

  @Sse('events')
  events() {
    calls += 1;
    return interval(5).pipe(
      take(2),
      map((data) => ({ data: `${calls} ${data}` })),
    );
  }

  @Get('own')
  own(@Res() response: { send(body: unknown): unknown }) {
    response.send({ call: (calls += 1) });
  }

  @Get('pieces')
  pieces(@Res({ passthrough: true }) response: { raw?: NodeJS.WritableStream } & NodeJS.WritableStream) {
    const raw = response.raw ?? response;
    raw.write('one ');
    raw.end(`two ${(calls += 1)}`);
  }

  @Get('redirect')
  @Redirect('/elsewhere', 301)
  @HttpCache({ statuses: [301] })
  redirect() {
    calls += 1;
    return { url: `/elsewhere/${calls}` };
  }

  @Get('encoded')
  @Header('content-encoding', 'identity')
  encoded() {
    return { call: (calls += 1) };
  }

  @Get('large')
  @HttpCache({ maxBodyBytes: 10 })
  large() {
    return { call: (calls += 1), text: 'more than ten' };
  }

  @Get('chosen')
  @HttpCache({ headers: ['X-Total'] })
  chosen(
    @Req() request: { readonly headers: Readonly<Record<string, string>> },
    @Res({ passthrough: true }) response: { header(name: string, value: string): unknown },
  ) {
    calls += 1;
    response.header('x-total', '3');
    response.header('x-asked-by', request.headers['x-name'] ?? '');
    response.header('link', '</2>; rel="next"');
    return [1, 2, 3];
  }
}

const { startHttp } = useHttpApps();
beforeEach(() => void (calls = 0));

describe.each(frameworks)('what is stored is what was sent, on %s', (framework) => {
  const start = async (prepare?: (app: INestApplication) => unknown) =>
    startHttp(
      framework,
      { controllers: [SentController, PassingController], providers: [Wrapping] },
      {},
      prepare,
    );

  it.each(['serializer-outer', 'serializer-inner'])('never a field that is left out: %s', async (path) => {
    const { get } = await start();
    for (const status of ['MISS', 'HIT', 'HIT']) {
      const answer = await get(`/${path}`);
      expect([answer.text, answer.headers['x-cache']]).toEqual(['{"name":"n"}', status]);
    }
    expect(calls).toBe(1);
  });

  it('no interceptor around it changes an answer the second time', async () => {
    const { get } = await start();
    for (const status of ['MISS', 'HIT']) {
      const answer = await get('/wrapped');
      expect([answer.text, answer.headers['x-cache']]).toEqual(['{"data":{"call":1}}', status]);
    }
  });

  it('pipes run on a miss, and what they refuse is not stored', async () => {
    const { get } = await start((app) => app.useGlobalPipes(new ValidationPipe({ transform: true })));
    expect((await get('/validated?page=x')).status).toBe(400);
    expect((await get('/validated?page=x')).headers['x-cache']).toBe('MISS');
    expect([(await get('/validated?page=1')).body, (await get('/validated?page=1')).body]).toEqual([
      { page: '1' },
      { page: '1' },
    ]);
    expect((await get('/number/x')).status).toBe(400);
    for (const status of ['MISS', 'HIT']) {
      const answer = await get('/number/7');
      expect([answer.text, answer.headers['x-cache']]).toEqual(['7', status]);
    }
    expect(calls).toBe(2);
  });

  it('is compressed for each client as it asks, and known by the same ETag', async () => {
    const { url, get } = await start(async (app) => compressWith(framework, app));
    const etags = new Set<string | null>();
    for (const [encoding, status] of [
      ['gzip', 'MISS'],
      ['identity', 'HIT'],
      ['gzip', 'HIT'],
    ] as const) {
      const answer = await fetch(`${url}/long`, { headers: { 'accept-encoding': encoding } });
      etags.add(answer.headers.get('etag'));
      expect([answer.headers.get('x-cache'), answer.headers.get('content-encoding') ?? 'identity']).toEqual([
        status,
        encoding,
      ]);
      expect(((await answer.json()) as { readonly text: string }).text).toBe('long '.repeat(1_000));
    }
    expect(etags.size).toBe(1);
    const [etag] = etags;
    expect((await get('/long', { 'if-none-match': etag ?? '' })).status).toBe(304);
    expect(calls).toBe(1);
  });

  it('bytes stay what they are', async () => {
    const { url } = await start();
    for (const status of ['MISS', 'HIT']) {
      const answer = await fetch(`${url}/buffer`);
      expect([answer.headers.get('x-cache'), [...new Uint8Array(await answer.arrayBuffer())]]).toEqual([
        status,
        [0, 255, 128],
      ]);
    }
  });

  it.each(['file', 'events', 'own', 'pieces', 'encoded', 'large'])(
    'passes through, and is never half cached: %s',
    async (path) => {
      const { get } = await start();
      const texts: string[] = [];
      for (const _ of [1, 2]) {
        const answer = await get(`/${path}`);
        const { text, body } = answer as { readonly text?: string; readonly body: unknown };
        texts.push(text ?? String(body));
        expect(answer.headers['x-cache']).not.toBe('HIT');
      }
      expect(texts[0]).not.toBe('');
      expect(new Set(texts).size).toBe(2);
      const together = await Promise.all(Array.from({ length: 5 }, () => get(`/${path}`)));
      expect(together.every(({ status }) => status === 200)).toBe(true);
      expect(calls).toBe(7);
    },
  );

  it('nobody waits for the end of a stream that has none', async () => {
    const { url } = await start();
    const leaving = new AbortController();
    const asked = Array.from({ length: 3 }, () =>
      fetch(`${url}/endless`, { signal: leaving.signal }).then(({ status }) => status),
    );
    const statuses = await Promise.all(asked);
    expect([statuses, calls]).toEqual([[200, 200, 200], 3]);
    leaving.abort();
  });

  it('a redirect is stored when asked, with its target', async () => {
    const { url } = await start();
    // Express names `Accept` in the Vary of a redirect, which is known only behind the first one.
    const statuses = framework === 'express' ? ['MISS', 'MISS', 'HIT'] : ['MISS', 'HIT'];
    for (const status of statuses) {
      const { headers, status: code } = await fetch(`${url}/redirect`, { redirect: 'manual' });
      expect([code, headers.get('location'), headers.get('x-cache')]).toEqual([
        301,
        `/elsewhere/${calls}`,
        status,
      ]);
    }
  });

  it('headers that describe the content come back, and those that are asked for, and no others', async () => {
    const { get } = await start();
    await get('/chosen', { 'x-name': 'ada' });
    const { headers, body } = await get('/chosen', { 'x-name': 'bob' });
    expect(headers).toMatchObject({ 'x-cache': 'HIT', 'x-total': '3', link: '</2>; rel="next"' });
    expect(headers['x-asked-by']).toBeUndefined();
    expect(body).toEqual([1, 2, 3]);
  });
});

async function compressWith(framework: Framework, app: INestApplication): Promise<void> {
  if (framework === 'express') app.use(compression({ threshold: 0 }));
  else await (app.getHttpAdapter() as FastifyAdapter).register(fastifyCompress as never, { threshold: 0 });
}
