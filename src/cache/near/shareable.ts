/** A value that many callers may have: one frozen object for all, or a copy for each where freezing does not help. */
export interface Shareable {
  readonly value: unknown;
  readonly isCopied: boolean;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Whether freezing does not keep its content as it is: a frozen `Date` can still be set. */
function isMutable(value: object): boolean {
  return (
    ArrayBuffer.isView(value) ||
    value instanceof ArrayBuffer ||
    value instanceof Date ||
    value instanceof Map ||
    value instanceof Set
  );
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Array.isArray(value);
}

/**
 * Makes a value fit to be given to many callers: frozen to its depths; or to be copied for each, where something in it stays
 * mutable. Undefined: neither is possible, and each caller needs a value of its own from the codec.
 *
 * @param value nobody else's: it is frozen in its place
 */
export function shareable(value: unknown): Shareable | undefined {
  if (!isObject(value)) return typeof value === 'function' ? undefined : { value, isCopied: false };
  const objects = reachableFrom(value);
  if (!objects.some(isMutable)) {
    for (const one of objects) Object.freeze(one);
    return { value, isCopied: false };
  }
  // A copy of an instance of a class has lost its class.
  if (!objects.every((one) => isMutable(one) || isPlain(one))) return undefined;
  return { value: copyOf(value), isCopied: true };
}

/** What one caller gets. */
export function handOut({ value, isCopied }: Shareable): unknown {
  return isCopied ? copyOf(value) : value;
}

function copyOf(value: unknown): unknown {
  // A view alone is copied without the buffer that it is a part of, and stays a Buffer if it is one.
  return value instanceof Uint8Array ? Uint8Array.prototype.slice.call(value) : structuredClone(value);
}

/** It and every object in it, each once. Not by recursion: JSON can be nested deeper than the stack. */
function reachableFrom(root: object): object[] {
  const seen = new Set<object>([root]);
  for (const one of seen) {
    if (ArrayBuffer.isView(one)) continue;
    const inner: Iterable<unknown> =
      one instanceof Map ? [...one.keys(), ...one.values()] : one instanceof Set ? one : Object.values(one);
    for (const value of inner) if (isObject(value)) seen.add(value);
  }
  return [...seen];
}
