import type { Metadata } from '@grpc/grpc-js';
import { cutText } from '../../../cut-text.js';
import type { RequestRecord } from '../../request-log.js';

/** The fields in which requests name the item or the collection they are about. */
const KEY_FIELDS = ['cache_key', 'dictionary_name', 'list_name', 'set_name'];

/** What callers have chosen, and the log keeps. */
const MAX_LOGGED_CHARACTERS = 256;

/** The cache a request is about: control and topic calls name it in their message, the others in the `cache` header. */
export function cacheNameOf(request: object, headers: Metadata): string {
  return textField(request, 'cache_name') ?? headers.get('cache')[0]?.toString() ?? '';
}

/** What the log says of a request. */
export function describeRequest(
  request: object,
  cacheName: string,
): Pick<RequestRecord, 'cacheName' | 'key' | 'topic'> {
  const key = keyOf(request);
  const topic = textField(request, 'topic');
  return {
    ...(cacheName !== '' && { cacheName: cutText(cacheName, MAX_LOGGED_CHARACTERS) }),
    ...(key !== undefined && { key }),
    ...(topic !== undefined && { topic: cutText(topic, MAX_LOGGED_CHARACTERS) }),
  };
}

/** Every item that a request is about: one, those of a batch, or those it asks the existence of. */
export function keysOf(request: object): Uint8Array[] {
  const own = KEY_FIELDS.map((field): unknown => Reflect.get(request, field));
  const several: unknown = Reflect.get(request, 'cache_keys');
  const batch: unknown = Reflect.get(request, 'items');
  const batchKeys = Array.isArray(batch)
    ? batch.map((item): unknown => Reflect.get(Object(item), 'cache_key'))
    : [];
  return [...own, ...(Array.isArray(several) ? several : []), ...batchKeys].filter(
    (key): key is Uint8Array => key instanceof Uint8Array,
  );
}

function keyOf(request: object): string | undefined {
  for (const field of KEY_FIELDS) {
    const bytes: unknown = Reflect.get(request, field);
    if (bytes instanceof Uint8Array) {
      return Buffer.from(bytes.subarray(0, MAX_LOGGED_CHARACTERS)).toString('utf8');
    }
  }
  return undefined;
}

function textField(request: object, field: string): string | undefined {
  const value: unknown = Reflect.get(request, field);
  return typeof value === 'string' ? value : undefined;
}
