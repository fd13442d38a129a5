import type { StoreItem } from './cache-store.js';

/** Items in one batch call: the service answers them as one stream, for the price of one request each way. */
const maxItems = 100;
/** Momento's limit of a request is higher; this keeps one slow item from holding up megabytes. */
const maxBytes = 1024 * 1024;

/** Splits into batches of at most 100 items and 1 MB, in order. An item that is larger by itself has a batch of its own. */
export function batchesOf<Item>(items: readonly Item[], bytesOf: (item: Item) => number): Item[][] {
  const batches: Item[][] = [];
  let last: Item[] = [];
  let lastBytes = 0;
  for (const item of items) {
    const bytes = bytesOf(item);
    if (last.length === 0 || last.length === maxItems || lastBytes + bytes > maxBytes) {
      last = [];
      lastBytes = 0;
      batches.push(last);
    }
    last.push(item);
    lastBytes += bytes;
  }
  return batches;
}

/** What a key adds to a request. */
export function bytesOfKey(key: string): number {
  return Buffer.byteLength(key);
}

/** What an item adds to a request. */
export function bytesOfItem({ key, value }: StoreItem): number {
  return Buffer.byteLength(key) + Buffer.byteLength(value);
}
