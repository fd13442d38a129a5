import { CollectionTtl, MomentoErrorCode } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { type Cache, type KeyedCall, type Service, answerOf } from './conformance.fixture.js';

/** What is specified of a call. Answers are written as {@link answerOf} shortens them. */
interface CallSpecification {
  readonly run: KeyedCall;
  /** The answer when the key holds what is given. */
  readonly answers: unknown;
  /** What the key then holds; left out when the call changes nothing. */
  readonly leaves?: unknown;
  /** The answer when the key holds nothing. */
  readonly whenMissing: unknown;
  /** What the key then holds; left out when the call creates nothing. */
  readonly creates?: unknown;
  /** `'any'` when the call takes a key of any type; by default it refuses another type and leaves it as it is. */
  readonly whenOtherType?: 'any';
  /** The same call with arguments that are refused, each by what is wrong with it. */
  readonly badArguments?: Readonly<Record<string, (cache: Cache) => Promise<unknown>>>;
  /** `kept`: the call does not touch the TTL; `refreshable`: it takes a collection TTL; `set`: the call's own TTL counts from now; `gone`: the call leaves nothing. */
  readonly ttl: 'kept' | 'refreshable' | 'set' | 'gone';
}

export interface AreaSpecification {
  /** Puts under the key what the calls are tried on, with this TTL. */
  readonly given: (cache: Cache, key: string, ttlSeconds: number) => Promise<unknown>;
  /** Reads what the key holds. */
  readonly contents: (cache: Cache, key: string) => Promise<unknown>;
  /** Puts a value of another type under the key. */
  readonly otherType: (cache: Cache, key: string) => Promise<unknown>;
  readonly calls: Readonly<Record<string, CallSpecification>>;
}

const KEY = 'key';
const GIVEN_SECONDS = 100;
const CALL_SECONDS = 50;
const PASSED_MS = 10_000;
/** What is left when a call does not touch the TTL that was given. */
const KEPT_MS = GIVEN_SECONDS * 1000 - PASSED_MS;
const WITH_REFRESH = new CollectionTtl(CALL_SECONDS, true);
const WITHOUT_REFRESH = new CollectionTtl(CALL_SECONDS, false);

/** Specifies each call of an area by success, miss, wrong type, missing cache, bad arguments and TTL. */
export function describeCalls(service: Service, area: AreaSpecification): void {
  describe.each(Object.entries(area.calls))('%s', (_name, specification) => {
    const { run, badArguments = {} } = specification;

    it('success', async () => {
      const cache = service.newCache();
      await area.given(cache, KEY, GIVEN_SECONDS);
      const before = await area.contents(cache, KEY);

      expect(await answerOf(run(cache, KEY, WITH_REFRESH))).toEqual(specification.answers);
      expect(await area.contents(cache, KEY)).toEqual(
        'leaves' in specification ? specification.leaves : before,
      );
    });

    it('nothing there', async () => {
      const cache = service.newCache();

      expect(await answerOf(run(cache, KEY, WITH_REFRESH))).toEqual(specification.whenMissing);
      expect(await area.contents(cache, KEY)).toEqual(
        'creates' in specification ? specification.creates : 'Miss',
      );
    });

    it.each(specification.whenOtherType === 'any' ? [] : ['another type'])('%s', async () => {
      const cache = service.newCache();
      await area.otherType(cache, KEY);

      expect(await answerOf(run(cache, KEY, WITH_REFRESH))).toBe(MomentoErrorCode.FAILED_PRECONDITION_ERROR);
      expect(await area.contents(cache, KEY)).toBe(MomentoErrorCode.FAILED_PRECONDITION_ERROR);
    });

    it('no such cache', async () => {
      expect(await answerOf(run(service.missingCache(), KEY, WITH_REFRESH))).toBe(
        MomentoErrorCode.CACHE_NOT_FOUND_ERROR,
      );
    });

    it.for(Object.entries(badArguments))('bad arguments: %s', async ([_what, runBadly]) => {
      const cache = service.newCache();
      await area.given(cache, KEY, GIVEN_SECONDS);

      expect(await answerOf(runBadly(cache))).toBe(MomentoErrorCode.INVALID_ARGUMENT_ERROR);
    });

    it(`TTL: ${specification.ttl}`, async () => {
      expect(await ttlsOf(service, area, run)).toEqual(EXPECTED_TTLS[specification.ttl]);
    });
  });
}

/** Milliseconds that a key has left after the call, by the TTL that the call was given. */
interface Ttls {
  readonly withRefresh: number;
  readonly withoutRefresh: number;
}

const EXPECTED_TTLS: Readonly<Record<CallSpecification['ttl'], Ttls>> = {
  kept: { withRefresh: KEPT_MS, withoutRefresh: KEPT_MS },
  refreshable: { withRefresh: CALL_SECONDS * 1000, withoutRefresh: KEPT_MS },
  set: { withRefresh: CALL_SECONDS * 1000, withoutRefresh: CALL_SECONDS * 1000 },
  gone: { withRefresh: Number.NaN, withoutRefresh: Number.NaN },
};

async function ttlsOf(service: Service, area: AreaSpecification, run: KeyedCall): Promise<Ttls> {
  const leftAfter = async (ttl: CollectionTtl) => {
    const cache = service.newCache();
    await area.given(cache, KEY, GIVEN_SECONDS);
    service.clock.advance(PASSED_MS);
    await run(cache, KEY, ttl);
    const left = await answerOf(cache.itemGetTtl(KEY));
    return Number(Array.isArray(left) ? left[1] : Number.NaN);
  };
  return { withRefresh: await leftAfter(WITH_REFRESH), withoutRefresh: await leftAfter(WITHOUT_REFRESH) };
}
