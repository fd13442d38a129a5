import 'reflect-metadata';
import { Controller, Get, Header, Headers, HttpCode, Put, Query, Res, UseInterceptors } from '@nestjs/common';
import { CacheTtl, HttpCache, MomentoCacheInterceptor } from 'nestjs-momento';
import { beforeEach, describe, expect, it } from 'vitest';
import { frameworks, useHttpApps } from './http-app.fixture.js';

let calls = 0;

@Controller()
@UseInterceptors(MomentoCacheInterceptor)
@CacheTtl(60)
class OriginController {
  @Get('text')
  text() {
    calls += 1;
    return 'content';
  }

  @Get('dated')
  @Header('last-modified', 'Mon, 30 Nov 2026 12:00:00 GMT')
  dated() {
    calls += 1;
    return 'dated';
  }

  @Get('own-etag')
  @Header('etag', 'W/"own"')
  @Header('cache-control', 'public, max-age=5')
  ownEtag() {
    calls += 1;
    return 'own';
  }

  @Get('ranges')
  ranges(
    @Headers('range') range: string | undefined,
    @Res({ passthrough: true })
    response: { status(code: number): { header(name: string, value: string): unknown } },
  ) {
    calls += 1;
    if (range !== undefined) response.status(206).header('content-range', 'bytes 0-0/2');
    return range === undefined ? 'ab' : 'a';
  }

  @Get('gone')
  @HttpCode(410)
  @HttpCache({ statuses: [410] })
  gone() {
    calls += 1;
    return 'gone';
  }

  @Get('windows')
  @HttpCache({ staleSeconds: 30, staleIfErrorSeconds: 300 })
  windows(
    @Query('control') control: string | undefined,
    @Res({ passthrough: true }) response: { header(name: string, value: string): unknown },
  ) {
    calls += 1;
    if (control !== undefined) response.header('cache-control', control);
    return 'windows';
  }

  @Put('text')
  put() {
    calls += 1;
    return 'put';
  }
}

/** Of `content`: the first 22 characters of SHA-256, in base64url. */
const etag = '"7XACtDnprIRfIjV9giusFE"';

interface Row {
  readonly what: string;
  readonly path: string;
  readonly method?: 'head' | 'put';
  readonly asked?: Readonly<Record<string, string>>;
  readonly status: number;
  /** Of the handler, for two requests that are the same. */
  readonly runs: number;
  readonly answered?: Readonly<Record<string, string | undefined>>;
  readonly body?: string;
}

/** What RFC 9110 and RFC 9111 ask of an origin server: each row is asked twice, so that a miss and a hit are seen. */
const rows: readonly Row[] = [
  {
    what: '9110 §8.8.3 a strong validator',
    path: 'text',
    status: 200,
    runs: 1,
    answered: { etag },
    body: 'content',
  },
  {
    what: "9110 §8.8.3 the handler's own validator",
    path: 'own-etag',
    status: 200,
    runs: 1,
    answered: { etag: 'W/"own"' },
  },
  ...[etag, `W/${etag}`, `"a", ${etag}`, ` "a" ,W/"b",${etag}`, '*'].map((tag) => ({
    what: `9110 §13.1.2 If-None-Match: ${tag}`,
    path: 'text',
    asked: { 'if-none-match': tag },
    status: 304,
    runs: 1,
    answered: {
      etag,
      'content-type': undefined,
      'content-length': undefined,
      vary: 'authorization, cookie, x-api-key',
      'cache-control': 'private, max-age=60',
    },
    body: '',
  })),
  ...['"other"', etag.slice(0, -1), '', etag.replaceAll('"', ''), '"a,b"'].map((tag) => ({
    what: `9110 §13.1.2 If-None-Match that does not match: ${tag}`,
    path: 'text',
    asked: { 'if-none-match': tag },
    status: 200,
    runs: 1,
    body: 'content',
  })),
  {
    what: '9110 §8.8.3.2 weak comparison',
    path: 'own-etag',
    asked: { 'if-none-match': '"own"' },
    status: 304,
    runs: 1,
  },
  {
    what: '9110 §13.1.3 If-Modified-Since, the same',
    path: 'dated',
    asked: { 'if-modified-since': 'Mon, 30 Nov 2026 12:00:00 GMT' },
    status: 304,
    runs: 1,
  },
  {
    what: '9110 §13.1.3 If-Modified-Since, before',
    path: 'dated',
    asked: { 'if-modified-since': 'Mon, 30 Nov 2026 11:59:59 GMT' },
    status: 200,
    runs: 1,
  },
  {
    what: '9110 §13.1.3 If-Modified-Since, no date',
    path: 'dated',
    asked: { 'if-modified-since': 'yesterday' },
    status: 200,
    runs: 1,
  },
  {
    what: '9110 §13.2.2 If-None-Match goes before it',
    path: 'dated',
    asked: { 'if-none-match': '"x"', 'if-modified-since': 'Mon, 30 Nov 2026 12:00:00 GMT' },
    status: 200,
    runs: 1,
  },
  {
    what: '9110 §13.2.1 no condition on another status',
    path: 'gone',
    asked: { 'if-none-match': '*' },
    status: 410,
    runs: 1,
  },
  {
    what: '9110 §9.3.2 HEAD, as GET without the body',
    path: 'text',
    method: 'head',
    status: 200,
    runs: 1,
    answered: { etag, 'content-length': '7' },
  },
  {
    what: '9110 §9.3.2 HEAD and a condition',
    path: 'text',
    method: 'head',
    asked: { 'if-none-match': etag },
    status: 304,
    runs: 1,
  },
  {
    what: "9110 §14.2 a range is the handler's",
    path: 'ranges',
    asked: { range: 'bytes=0-0' },
    status: 206,
    runs: 2,
    answered: { 'x-cache': undefined },
    body: 'a',
  },
  {
    what: "9110 §13.1.5 If-Range is the handler's",
    path: 'ranges',
    asked: { 'if-range': '"a"' },
    status: 200,
    runs: 2,
  },
  {
    what: "9110 §13.1.1 If-Match is the handler's",
    path: 'text',
    asked: { 'if-match': '"a"' },
    status: 200,
    runs: 2,
  },
  {
    what: "9110 §13.1.4 If-Unmodified-Since is the handler's",
    path: 'text',
    asked: { 'if-unmodified-since': 'x' },
    status: 200,
    runs: 2,
  },
  {
    what: "9110 §9.3.4 other methods are the handler's",
    path: 'text',
    method: 'put',
    status: 200,
    runs: 2,
    answered: { 'x-cache': undefined },
  },
  {
    what: '9111 §5.2.2 and RFC 5861: the windows',
    path: 'windows',
    status: 200,
    runs: 1,
    answered: { 'cache-control': 'private, max-age=60, stale-while-revalidate=30, stale-if-error=330' },
  },
  {
    what: "9111 §5.2.2 the handler's own Cache-Control stands",
    path: 'own-etag',
    status: 200,
    runs: 1,
    answered: { 'cache-control': 'public, max-age=5' },
  },
  ...[
    'no-store',
    'private',
    'no-cache',
    'NO-STORE, max-age=60',
    'private="x", max-age=60',
    'max-age=0',
    'max-age=x',
  ].map((control) => ({
    what: `9111 §3 not stored: ${control}`,
    path: `windows?control=${encodeURIComponent(control)}`,
    status: 200,
    runs: 2,
    answered: { 'cache-control': control },
  })),
];

const { startHttp } = useHttpApps();
beforeEach(() => void (calls = 0));

describe.each(frameworks)('as an origin server, on %s', (framework) => {
  it.each(rows)('$what', async ({ path, method, asked = {}, status, runs, answered = {}, body }) => {
    const { get, send } = await startHttp(framework, { controllers: [OriginController] });
    for (const time of ['first', 'second']) {
      const answer =
        method === undefined ? await get(`/${path}`, asked) : await send(method, `/${path}`, asked);
      expect([time, answer.status]).toEqual([time, status]);
      for (const [name, value] of Object.entries(answered))
        expect([time, name, answer.headers[name]]).toEqual([time, name, value]);
      expect(answer.text ?? '').toBe(body ?? answer.text ?? '');
      const isHit = time === 'second' && runs === 1;
      expect(answer.headers['age']).toBe(isHit ? '0' : undefined);
    }
    expect(calls).toBe(runs);
  });
});
