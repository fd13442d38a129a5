import 'reflect-metadata';
import {
  type INestApplication,
  Controller,
  Get,
  Header,
  Headers,
  Res,
  UseInterceptors,
} from '@nestjs/common';
import { CacheService, CacheTags, CacheTtl, HttpCache, MomentoCacheInterceptor } from 'nestjs-momento';
import { describe, expect, it } from 'vitest';
import { frameworks, useHttpApps } from './http-app.fixture.js';

interface Response {
  header(name: string, value: string): unknown;
}

let calls: string[] = [];
let duringLate: () => Promise<void> = async () => undefined;

@Controller()
@UseInterceptors(MomentoCacheInterceptor)
@CacheTtl(60)
class GreetingController {
  @Get('greeting')
  @Header('vary', 'Accept-Language')
  greeting(@Headers('accept-language') language = 'en') {
    calls.push(language);
    return { language };
  }

  @Get('plain')
  plain() {
    return { call: calls.push('plain') };
  }

  /** Says by what it differs only when it has run. */
  @Get('late')
  @CacheTags('late')
  async late(
    @Headers('accept-language') language: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ) {
    calls.push(language ?? 'en');
    await duringLate();
    response.header('vary', 'Accept-Language');
    return { language: language ?? 'en' };
  }

  /** Differs by more for some. */
  @Get('growing')
  growing(
    @Headers() headers: Readonly<Record<string, string | undefined>>,
    @Res({ passthrough: true }) response: Response,
  ) {
    const { 'accept-language': language = 'en', 'x-beta': beta = 'off' } = headers;
    calls.push(`${language} ${beta}`);
    response.header('vary', language === 'de' ? 'accept-language, x-beta' : 'accept-language');
    return { language, beta: language === 'de' ? beta : 'off' };
  }

  @Get('anything')
  anything(@Res({ passthrough: true }) response: Response) {
    response.header('vary', '*');
    return { call: calls.push('*') };
  }

  @Get('late-stale')
  @HttpCache({ ttlSeconds: 1, staleSeconds: 60 })
  lateStale(
    @Headers('accept-language') language: string | undefined,
    @Res({ passthrough: true }) response: Response,
  ) {
    response.header('vary', 'Accept-Language');
    return { call: calls.push(language ?? 'en') };
  }
}

const { startHttp } = useHttpApps();

describe.each(frameworks)('Vary on %s', (framework) => {
  const start = async (prepare?: (app: INestApplication) => unknown) => {
    calls = [];
    return startHttp(framework, { controllers: [GreetingController] }, {}, prepare);
  };

  it.each(['greeting', 'late'])('tells answers apart by what they differ by: %s', async (path) => {
    const { get } = await start();
    const ask = async (language: string) => {
      const { body, headers } = await get(`/${path}`, { 'accept-language': language });
      return [(body as { readonly language: string }).language, headers['x-cache']];
    };
    // Of what the handler says by itself, the first answer tells only that.
    if (path === 'late') await ask('en');
    calls = [];
    for (const language of ['de', 'fr', 'it']) expect(await ask(language)).toEqual([language, 'MISS']);
    for (const language of ['de', 'fr', 'it']) expect(await ask(language)).toEqual([language, 'HIT']);
    expect(calls).toEqual(['de', 'fr', 'it']);
    expect((await get(`/${path}`, { 'accept-language': 'de' })).headers['vary']).toBe(
      'accept-language, authorization, cookie, x-api-key',
    );
  });

  it('runs the handler once a variant for however many ask at once', async () => {
    const { get } = await start();
    await get('/late');
    calls = [];
    const languages = Array.from({ length: 30 }, (_, index) => ['de', 'fr', 'it'][index % 3] ?? '');
    const answers = await Promise.all(
      languages.map((language) => get('/late', { 'accept-language': language })),
    );
    expect(answers.map(({ body }) => body as unknown)).toEqual(languages.map((language) => ({ language })));
    expect(calls.toSorted()).toEqual(['de', 'fr', 'it']);
  });

  it('never mixes up answers that differ by more than was known', async () => {
    const { get } = await start();
    for (let round = 0; round < 3; round += 1)
      for (const language of ['en', 'de', 'fr'])
        for (const beta of ['on', 'off'])
          expect((await get('/growing', { 'accept-language': language, 'x-beta': beta })).body).toEqual({
            language,
            beta: language === 'de' ? beta : 'off',
          });
    const before = calls.length;
    for (const beta of ['on', 'off'])
      expect((await get('/growing', { 'accept-language': 'de', 'x-beta': beta })).headers['x-cache']).toBe(
        'HIT',
      );
    expect(calls.length).toBe(before);
  });

  it('does not store a variant that was invalidated while it was the first', async () => {
    const { get, app } = await start();
    duringLate = () => app.get(CacheService).invalidateTags('late');
    await get('/late', { 'accept-language': 'de' });
    duringLate = async () => undefined;
    await get('/late', { 'accept-language': 'fr' });
    await get('/late', { 'accept-language': 'fr' });
    expect((await get('/late', { 'accept-language': 'de' })).headers['x-cache']).toBe('MISS');
  });

  it('does not store what varies by anything', async () => {
    const { get } = await start();
    expect([(await get('/anything')).body, (await get('/anything')).body]).toEqual([
      { call: 1 },
      { call: 2 },
    ]);
  });

  it('refreshes a variant behind', async () => {
    const { get } = await start();
    const ask = async () => get('/late-stale', { 'accept-language': 'de' });
    expect((await ask()).body).toEqual({ call: 1 });
    expect((await ask()).body).toEqual({ call: 2 });
    await waitFor(async () => (await ask()).headers['x-cache'] === 'STALE');
    await waitFor(async () => (await ask()).headers['x-cache'] === 'HIT');
    expect((await ask()).body).toEqual({ call: 3 });
    expect((await get('/late-stale', { 'accept-language': 'fr' })).headers['x-cache']).toBe('MISS');
  });

  it('with CORS, whose answers name the origin that asked', async () => {
    const { get } = await start((app) => app.enableCors({ origin: true }));
    for (const status of ['MISS', 'HIT'])
      for (const origin of ['http://a.example', 'http://b.example']) {
        const { headers } = await get('/plain', { origin });
        expect([headers['x-cache'], headers['access-control-allow-origin']]).toEqual([status, origin]);
        expect(headers['vary']?.toLowerCase()).toContain('origin');
      }
  });
});

async function waitFor(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}
