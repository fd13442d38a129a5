import type { ItemStore } from './item-store.js';

export type TtlUpdate = 'increase' | 'decrease' | 'overwrite';
export type TtlUpdateResult = 'set' | 'not-set' | 'missing';

const APPLIES: Readonly<Record<TtlUpdate, (newMs: number, remainingMs: number) => boolean>> = {
  increase: (newMs, remainingMs) => newMs > remainingMs,
  decrease: (newMs, remainingMs) => newMs < remainingMs,
  overwrite: () => true,
};

/** Milliseconds that the item has left, or `undefined` for a miss. */
export function remainingTtl(store: ItemStore, key: Uint8Array): number | undefined {
  const item = store.get(key);
  return item && store.remainingTtlMilliseconds(item);
}

/** Changes the TTL of an item of any type, counted from now. @throws EngineError `invalid-argument` unless the TTL is positive. */
export function updateTtl(
  store: ItemStore,
  key: Uint8Array,
  update: TtlUpdate,
  ttlMilliseconds: number,
): TtlUpdateResult {
  const expiresAtMs = store.expiryAfter(ttlMilliseconds);
  const item = store.get(key);
  if (item === undefined) {
    return 'missing';
  }
  if (!APPLIES[update](ttlMilliseconds, store.remainingTtlMilliseconds(item))) {
    return 'not-set';
  }
  item.expiresAtMs = expiresAtMs;
  return 'set';
}
