import { Keyv, type KeyvStoreAdapter } from 'keyv';
import type { ThrottlerStorage } from '@nestjs/throttler';
import type { CacheService } from 'nestjs-momento';
import { KeyvMomento } from 'nestjs-momento/keyv';
import { MomentoThrottlerStorage } from 'nestjs-momento/throttler';

/** Compiled by the type check, never run: each line marked as an error is one, or the compiler says that it is none. */
export function compiled(cache: CacheService): unknown[] {
  const adapter: KeyvStoreAdapter = new KeyvMomento(cache, { maxTtlSeconds: 60 });
  const storage: ThrottlerStorage = new MomentoThrottlerStorage(cache, { fails: 'closed' });
  return [
    new Keyv(adapter),
    new Keyv({ store: new KeyvMomento(cache) }),
    storage,
    // @ts-expect-error there is no such option
    new KeyvMomento(cache, { ttl: 60_000 }),
    // @ts-expect-error it fails open or closed
    new MomentoThrottlerStorage(cache, { fails: 'never' }),
  ];
}
