import { MomentoErrorCode } from '@gomomento/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { useService } from '../../../test/conformance/conformance.fixture.js';
import { stoppedClock } from '../../../test/local/momento.fixture.js';
import { MomentoCacheError } from '../../foundation/momento.errors.js';
import type { HandleContext } from './handle.js';
import { clientsOfProcesses, contextOf, errorOf, newContext } from './handles.fixture.js';
import { CacheRateLimit, type RateLimitOptions } from './rate-limit.js';

const service = useService();

/** A limit whose window begins at the stopped time. */
const limitOf = (options: Partial<RateLimitOptions> = {}, context: HandleContext = newContext(service)) =>
  new CacheRateLimit(context, 'login', { limit: 2, windowSeconds: 60, ...options }, service.clock.now);

describe('a rate limit', () => {
  it('lets 100 pass of 160 that 4 processes send at once in a window, and as many in the next one', async () => {
    const { cacheName } = newContext(service);
    const clock = stoppedClock();
    const limits = clientsOfProcesses(service).map(
      (client) =>
        new CacheRateLimit(
          contextOf(client, cacheName),
          'login',
          { limit: 100, windowSeconds: 60 },
          clock.now,
        ),
    );
    const passed = async () => {
      const results = await Promise.all(
        limits.flatMap((limit) => Array.from({ length: 40 }, () => limit.check('all'))),
      );
      return results.filter(({ isAllowed }) => isAllowed).length;
    };
    expect(await passed()).toBe(100);
    clock.advance(59_999);
    expect(await passed()).toBe(0);
    clock.advance(1);
    expect(await passed()).toBe(100);
  });

  it('tells what is left, and for how long', async () => {
    const clock = stoppedClock();
    const limit = new CacheRateLimit(
      newContext(service),
      'login',
      { limit: 5, windowSeconds: 60 },
      clock.now,
    );
    expect(await limit.check('ada')).toEqual({ isAllowed: true, remaining: 4, resetSeconds: 60 });
    clock.advance(1);
    expect(await limit.check('ada', 4)).toEqual({ isAllowed: true, remaining: 0, resetSeconds: 60 });
    clock.advance(58_999);
    expect(await limit.check('ada')).toEqual({ isAllowed: false, remaining: 0, resetSeconds: 1 });
    clock.advance(999);
    expect(await limit.check('ada')).toEqual({ isAllowed: false, remaining: 0, resetSeconds: 1 });
    clock.advance(1);
    expect(await limit.check('ada')).toEqual({ isAllowed: true, remaining: 4, resetSeconds: 60 });
  });

  it('counts what it refuses as well', async () => {
    const limit = limitOf({ limit: 5 });
    expect(await limit.check('ada', 6)).toMatchObject({ isAllowed: false, remaining: 0 });
    expect(await limit.check('ada')).toMatchObject({ isAllowed: false, remaining: 0 });
  });

  it('lets nothing pass with a limit of 0', async () => {
    expect(await limitOf({ limit: 0 }).check('ada')).toMatchObject({ isAllowed: false, remaining: 0 });
  });

  it('asks Momento once a check, and leaves nothing there for longer than a window', async () => {
    const context = newContext(service);
    const limit = limitOf({ windowSeconds: 1.5 }, context);
    await limit.check('ada');
    const before = service.momento.requestCount();
    await limit.check('ada');
    expect(service.momento.requestCount()).toBe(before + 1);
    const { key = '' } = service.momento.requests.at(-1) ?? {};
    expect(key).toMatch(/^rate:\["login",1.5,\d+,"ada"\]$/);
    const ttl = await service.client.itemGetTtl(context.cacheName, key);
    expect('remainingTtlMillis' in ttl && ttl.remainingTtlMillis()).toBe(2_000);
  });

  it('counts each name, window length, prefix, cache and subject for itself, whatever they are', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }),
      fc.constantFrom('__proto__', '"', '","', '\ud800', '\ud801'),
    );
    const name = text.filter((value) => !/\p{Surrogate}/u.test(value));
    const context = newContext(service);
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(name, text, fc.constantFrom(1, 60), async (limitName, subject, windowSeconds) => {
        const limit = new CacheRateLimit(
          context,
          limitName,
          { limit: 10_000, windowSeconds },
          service.clock.now,
        );
        const id = JSON.stringify([limitName, subject, windowSeconds]);
        const count = (seen.get(id) ?? 0) + 1;
        seen.set(id, count);
        // A lone half of a character is counted with its like.
        if (/\p{Surrogate}/u.test(subject)) return;
        expect((await limit.check(subject)).remaining).toBe(10_000 - count);
      }),
      { numRuns: 60 },
    );
    const prefixed = { ...context, keyPrefix: 'p:' };
    expect(await limitOf({}, context).check('same')).toMatchObject({ remaining: 1 });
    expect(await limitOf({}, prefixed).check('same')).toMatchObject({ remaining: 1 });
    expect(await limitOf().check('same')).toMatchObject({ remaining: 1 });
  });

  it('goes by the time that all processes share unless it is given another', async () => {
    const context = newContext(service);
    const make = () => new CacheRateLimit(context, 'login', { limit: 2, windowSeconds: 86_400 });
    expect(await make().check('ada')).toMatchObject({ remaining: 1 });
    const { resetSeconds } = await make().check('ada');
    expect(resetSeconds).toBeCloseTo(86_400 - ((Date.now() / 1000) % 86_400), -1);
  });
});

describe('errors of a rate limit', () => {
  it.each<[string, () => Promise<unknown> | CacheRateLimit]>([
    ['an empty subject', () => limitOf().check('')],
    ['a subject that is no string', () => limitOf().check(undefined as unknown as string)],
    ['an amount of 0', () => limitOf().check('ada', 0)],
    ['half an amount', () => limitOf().check('ada', 0.5)],
    ['a limit below 0', () => limitOf({ limit: -1 })],
    ['a limit that is no number', () => limitOf({ limit: Number.NaN })],
    ['a window of 0', () => limitOf({ windowSeconds: 0 })],
    ['a window that is no number', () => limitOf({ windowSeconds: '60' as unknown as number })],
    ['an empty name', () => new CacheRateLimit(newContext(service), '', { limit: 1, windowSeconds: 1 })],
  ])('refuse %s before Momento is asked', async (_what, make) => {
    const before = service.momento.requestCount();
    const error = await errorOf((async () => make())());
    expect(error).toBeInstanceOf(MomentoCacheError);
    expect(error).toMatchObject({
      code: MomentoErrorCode.INVALID_ARGUMENT_ERROR,
      advice: expect.stringContaining('Correct the argument'),
    });
    expect(service.momento.requestCount()).toBe(before);
  });

  it('tell that Momento failed, so that the caller says whether to let pass', async () => {
    service.momento.faults.fail('increment', 'UNAVAILABLE', { times: 1 });
    const error = await errorOf(limitOf().check('ada'));
    expect(error).toBeInstanceOf(MomentoCacheError);
    expect(error).toMatchObject({
      code: MomentoErrorCode.SERVER_UNAVAILABLE,
      operation: { name: 'rateLimit.check', target: 'login' },
      advice: expect.stringContaining('network'),
    });
  });
});
