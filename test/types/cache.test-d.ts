import {
  type CacheBinding,
  type CacheEvents,
  type CacheListener,
  CacheService,
  type CacheSetOptions,
  type CacheStats,
  type GetOrSetOptions,
} from 'nestjs-momento';

interface User {
  readonly id: number;
  readonly isActive: boolean;
}

declare const load: () => Promise<User>;

/** Compiled by the type check, never run: each line marked as an error is one, or the compiler says that it is none. */
export async function compiled(cache: CacheService): Promise<unknown[]> {
  // Right.
  const user: User = await cache.getOrSet('key', load, {
    storeIf: (value) => value.isActive,
    ttlSeconds: 60,
  });
  const byValue: User = await cache.getOrSet('key', load, {
    ttlSeconds: (value) => (value.isActive ? 60 : 5),
  });
  const previous = await cache.getOrSet<User>('key', ({ previous: former }) => former?.value ?? user);
  const many: Map<'a' | 'b', User> = await cache.getOrSetMany(['a', 'b'], async (missing) =>
    missing.map((key) => [key, user] as const),
  );
  const options: GetOrSetOptions = { staleSeconds: 5, singleFlight: 'fleet' };
  const setOptions: CacheSetOptions = { ttlSeconds: 5, tags: ['a'] };
  await cache.getOrSet('key', load, { tags: ({ id }) => [`user:${id}`] });
  await cache.invalidateTags(['a']);
  const binding: CacheBinding = { storeIf: ({ isActive }: User) => isActive, ttlSeconds: undefined };
  await cache.set('key', user, setOptions);
  await cache.cache('other', binding).getOrSet('key', load, options);
  const { source }: { source: 'near' | 'cache' | 'stale' | 'loader' } = await cache.getOrSetEntry(
    'key',
    load,
  );

  // @ts-expect-error the value is no number
  await cache.getOrSet('key', load, { storeIf: (value: number) => value > 0 });
  // @ts-expect-error an option that there is not
  await cache.getOrSet('key', load, { ttl: 5 });
  // @ts-expect-error tags are names
  await cache.getOrSet('key', load, { tags: [1] });
  // @ts-expect-error an option of handles
  await cache.set('key', user, { tagSeconds: 5 });
  // @ts-expect-error neither of the two
  await cache.getOrSet('key', load, { singleFlight: 'app' });
  // @ts-expect-error an increment has no windows
  await cache.increment('key', 1, { staleSeconds: 5 });
  return [byValue, previous, many, source];
}

export function compiledEvents(cache: CacheService): unknown[] {
  const seen: unknown[] = [];
  // Right.
  const onLoad: CacheListener<'load'> = ({ cacheName, keyPrefix, key, durationMs, isBehind, error }) =>
    seen.push(cacheName, keyPrefix, key, durationMs.toFixed(), isBehind ? 1 : 0, error);
  const onAny: CacheListener = ({ cacheName }) => seen.push(cacheName);
  const chained: CacheService = cache.on('load', onLoad).on('miss', onAny).off('load', onLoad);
  cache.on('breaker', async ({ state }: { state: 'open' | 'half-open' | 'closed' }) => seen.push(state));
  cache.on('hit', ({ source }: { source: 'near' | 'cache' }) => seen.push(source));
  cache.on('error', ({ step, key = 'many' }) => seen.push(step, key.length));
  const stale: CacheEvents['stale'] = { cacheName: 'a', keyPrefix: '', key: 'b' };
  const { hits, breaker }: CacheStats = cache.stats();

  // @ts-expect-error an event that there is not
  cache.on('hits', () => undefined);
  // @ts-expect-error a listener of another event
  cache.on('miss', onLoad);
  // @ts-expect-error a miss has no source
  cache.on('miss', ({ source }) => seen.push(source));
  // @ts-expect-error statistics are only read
  cache.stats().hits = 0;
  return [chained, stale, hits + 1, breaker === 'open', seen];
}
