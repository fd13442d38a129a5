import { type Collection, type Item, type ItemStore, wrongType } from './item-store.js';
import { checkTtl } from '../limits.js';

/** What a write does with the TTL of a collection. */
export interface CollectionTtl {
  readonly ttlMilliseconds: number;
  /** Count the TTL from this write; a collection that is new gets it in any case. */
  readonly refresh: boolean;
}

type CollectionClass<Kind extends Collection> = new () => Kind;

/** The collection under a key, or `undefined` for a miss. @throws EngineError `failed-precondition` when the key holds something else. */
export function findCollection<Kind extends Collection>(
  store: ItemStore,
  key: Uint8Array,
  KindClass: CollectionClass<Kind>,
): Kind | undefined {
  const item = store.get(key);
  return item && collectionOf(item, KindClass);
}

/**
 * Changes a collection that exists, and answers what the change answers; `undefined` for a miss. A collection that the change
 * leaves empty is gone.
 *
 * @throws EngineError `failed-precondition` when the key holds something else, and what the change throws.
 */
export function changeCollection<Kind extends Collection, Result>(
  store: ItemStore,
  key: Uint8Array,
  KindClass: CollectionClass<Kind>,
  change: (collection: Kind) => Result,
  ttl?: CollectionTtl,
): Result | undefined {
  if (ttl !== undefined) {
    checkTtl(ttl.ttlMilliseconds);
  }
  const item = store.get(key);
  return item && changeFound(store, key, item, KindClass, change, ttl);
}

/**
 * Adds to a collection, which is created when there is none. A new one is kept when the change leaves something in it.
 *
 * @throws EngineError `invalid-argument` for a TTL that is not positive, `failed-precondition` when the key holds something else, and
 *   what the change throws.
 */
export function writeCollection<Kind extends Collection, Result>(
  store: ItemStore,
  key: Uint8Array,
  KindClass: CollectionClass<Kind>,
  ttl: CollectionTtl,
  change: (collection: Kind) => Result,
): Result {
  checkTtl(ttl.ttlMilliseconds);
  const item = store.get(key);
  if (item !== undefined) {
    return changeFound(store, key, item, KindClass, change, ttl);
  }
  const created = new KindClass();
  const result = change(created);
  replaceCollection(store, key, created, ttl.ttlMilliseconds);
  return result;
}

/** Stores a collection whatever the key held before; when it is empty, the key holds nothing any more. */
export function replaceCollection(
  store: ItemStore,
  key: Uint8Array,
  collection: Collection,
  ttlMilliseconds: number,
): void {
  checkTtl(ttlMilliseconds);
  if (collection.size === 0) {
    store.delete(key);
  } else {
    store.set(key, collection, ttlMilliseconds);
  }
}

function changeFound<Kind extends Collection, Result>(
  store: ItemStore,
  key: Uint8Array,
  item: Item,
  KindClass: CollectionClass<Kind>,
  change: (collection: Kind) => Result,
  ttl: CollectionTtl | undefined,
): Result {
  const collection = collectionOf(item, KindClass);
  const result = change(collection);
  if (ttl?.refresh === true) {
    item.expiresAtMs = store.expiryAfter(ttl.ttlMilliseconds);
  }
  if (collection.size === 0) {
    store.delete(key);
  } else {
    store.resized(key, item);
  }
  return result;
}

function collectionOf<Kind extends Collection>(item: Item, KindClass: CollectionClass<Kind>): Kind {
  if (item.value instanceof KindClass) {
    return item.value;
  }
  throw wrongType(item.value);
}
