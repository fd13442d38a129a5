import type { CollectionTtl } from '../../../engine/items/collection-store.js';
import type { Slice } from '../../../engine/collections/slice.js';

/** The fields in which a write of a collection says how long it lives. */
interface TtlFields {
  readonly ttl_milliseconds: number;
  readonly refresh_ttl: boolean;
}

/** The fields in which a request names a part of a list. */
interface ListSliceFields {
  readonly has_inclusive_start: boolean;
  readonly inclusive_start: number;
  readonly has_exclusive_end: boolean;
  readonly exclusive_end: number;
}

export function collectionTtlOf(request: TtlFields): CollectionTtl {
  return { ttlMilliseconds: request.ttl_milliseconds, refresh: request.refresh_ttl };
}

/** A bound that is not set does not bound, whether or not the request says so with a field of its own. */
export function sliceOf(request: ListSliceFields): Slice {
  return {
    start: request.has_inclusive_start ? request.inclusive_start : undefined,
    end: request.has_exclusive_end ? request.exclusive_end : undefined,
  };
}
