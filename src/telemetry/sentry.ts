import type { Attributes } from '@opentelemetry/api';
import type { SdkCall } from '../foundation/telemetry.js';
import { showName } from '../foundation/text/redaction.js';

/** By these Sentry's page of caches knows a span; of others it knows the key alone. */
const operations: ReadonlyMap<string, string> = new Map([
  ['get', 'cache.get'],
  ['getBatch', 'cache.get'],
  ['getWithHash', 'cache.get'],
  ['set', 'cache.put'],
  ['setBatch', 'cache.put'],
  ['setIfAbsent', 'cache.put'],
  ['setIfAbsentOrHashEqual', 'cache.put'],
  ['setIfPresentAndHashEqual', 'cache.put'],
  ['delete', 'cache.remove'],
]);

/** As many as the library puts into a batch. */
const mostKeys = 100;

/** What Sentry reads of a call: its keys, which may be personal, so that they are told only where they are asked for. */
export function sentryCall({ method, args: [, items] }: SdkCall): Attributes {
  const keys = (Array.isArray(items) ? items : [items]).slice(0, mostKeys).flatMap(keyIn);
  const operation = operations.get(method);
  return {
    ...(keys.length > 0 && { 'cache.key': keys.map(showName) }),
    ...(operation !== undefined && { 'sentry.op': operation }),
  };
}

/** What Sentry reads of an answer: whether everything was found, and how long one value is, in bytes. */
export function sentryAnswer({ method, args }: SdkCall, answer: unknown): Attributes {
  if (operations.get(method) === 'cache.put') return method.endsWith('Batch') ? {} : sizeOf(args[2]);
  if (operations.get(method) !== 'cache.get') return {};
  const results = call(answer, 'results');
  const answers: readonly unknown[] = Array.isArray(results) ? results : [answer];
  const isHit = answers.every((one) => Reflect.get(Object(one), 'type') === 'Hit');
  return { 'cache.hit': isHit, ...(isHit && sizeOf(call(answer, 'valueUint8Array'))) };
}

function keyIn(item: unknown): string[] {
  const key: unknown = typeof item === 'object' && item !== null ? Reflect.get(item, 'key') : item;
  return typeof key === 'string' ? [key] : [];
}

function sizeOf(value: unknown): Attributes {
  if (typeof value === 'string') return { 'cache.item_size': Buffer.byteLength(value) };
  return value instanceof Uint8Array ? { 'cache.item_size': value.byteLength } : {};
}

function call(target: unknown, method: string): unknown {
  const implementation: unknown = Reflect.get(Object(target), method);
  return typeof implementation === 'function' ? Reflect.apply(implementation, target, []) : undefined;
}
