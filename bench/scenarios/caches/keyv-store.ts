import { Keyv, type KeyvStoreAdapter } from 'keyv';
import type { Remote } from './cache.js';

/** What cacheable and cache-manager take. A failed call rejects, and Keyv makes a miss and an event of it. */
export function keyvOver(remote: Remote): Keyv {
  const store: KeyvStoreAdapter = {
    opts: {},
    // What Keyv's own stores answer: the text that it has serialized.
    get: <Value>(key: string) => remote.get(key) as Promise<Value | undefined>,
    set: (key: string, value: string, ttlMs?: number) => remote.set(key, value, ttlMs),
    async delete(key) {
      await remote.delete(key);
      return true;
    },
    clear: () => Promise.resolve(),
    disconnect: async () => remote.close(),
    on: () => store,
  };
  const keyv = new Keyv({ store });
  // Without a listener, it throws what it emits.
  keyv.on('error', () => undefined);
  return keyv;
}
