import { redactKeys } from './redaction.js';

/** More than an error of the SDK holds; what is beyond is left out, so that no large graph is walked or copied. */
const mostObjects = 1_000;

/**
 * What was thrown, as it is when no key is in it, else a copy: of the same class, with the same stack, causes and other fields, but
 * without keys in any text that is reached from it.
 */
export function withoutKeys<T>(error: T): T {
  return holdsKey(error, new Set()) ? (copyWithoutKeys(error, new Map()) as T) : error;
}

function holdsKey(value: unknown, seen: Set<object>): boolean {
  if (typeof value === 'string') return redactKeys(value) !== value;
  if (typeof value !== 'object' || value === null || seen.has(value)) return false;
  // What is not looked at is not kept either.
  if (seen.size >= mostObjects) return true;
  seen.add(value);
  return partsOf(value).some((part) => holdsKey(part, seen));
}

function copyWithoutKeys(value: unknown, copies: Map<object, unknown>): unknown {
  if (typeof value === 'string') return redactKeys(value);
  if (typeof value !== 'object' || value === null) return value;
  if (copies.has(value)) return copies.get(value);
  if (copies.size >= mostObjects) return undefined;
  if (ArrayBuffer.isView(value)) return Buffer.from(redactKeys(bytesAsText(value)), 'latin1');
  const copy = emptyLike(value);
  copies.set(value, copy);
  if (value instanceof Map && copy instanceof Map)
    for (const [key, inner] of value) copy.set(copyWithoutKeys(key, copies), copyWithoutKeys(inner, copies));
  for (const name of ownNames(value)) {
    Object.defineProperty(copy, typeof name === 'string' ? redactKeys(name) : name, {
      value: copyWithoutKeys(Reflect.get(value, name), copies),
      enumerable: Object.prototype.propertyIsEnumerable.call(value, name),
      writable: true,
      configurable: true,
    });
  }
  return copy;
}

function partsOf(value: object): unknown[] {
  if (ArrayBuffer.isView(value)) return [bytesAsText(value)];
  const entries = value instanceof Map ? [...value].flat() : [];
  return [...entries, ...ownNames(value).flatMap((name) => [name, Reflect.get(value, name)] as unknown[])];
}

/** Node gives an error's stack as an accessor on some versions; what other accessors give is not known. */
function ownNames(value: object): PropertyKey[] {
  return Reflect.ownKeys(value).filter((name) => {
    if (name === 'stack') return true;
    const isLength = name === 'length' && Array.isArray(value);
    return !isLength && 'value' in (Object.getOwnPropertyDescriptor(value, name) ?? {});
  });
}

/** gRPC's metadata holds the values of headers whose name ends in `-bin` as bytes. */
function bytesAsText(view: ArrayBufferView): string {
  return Buffer.from(view.buffer, view.byteOffset, view.byteLength).toString('latin1');
}

/** An error and a Map have to be made as such, so that they work and print as such. */
function emptyLike(value: object): object {
  if (Array.isArray(value)) return [];
  const empty = value instanceof Error ? new Error() : value instanceof Map ? new Map() : {};
  return Object.setPrototypeOf(empty, Object.getPrototypeOf(value) as object | null) as object;
}
