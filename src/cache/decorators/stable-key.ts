import { createHash } from 'node:crypto';

/** Each form begins with its kind and says how long it is, so that no two values have the same text. */
type Form = (value: never, within: ReadonlySet<object>) => string;

/**
 * A key for a value of any shape: 22 characters of base64url, which are 128 bits of a SHA-256. Values that are equal have the
 * same key, whatever the order of their properties, of a `Map` or of a `Set`; a property that is `undefined` is none. Behind a
 * name of its own, as in `` `search:${stableKey(query)}` ``.
 *
 * @throws TypeError for functions, symbols, instances of classes but `Date`, `URL`, `Map`, `Set` and bytes, and for what contains itself
 */
export function stableKey(value: unknown): string {
  return createHash('sha256').update(formOf(value, new Set())).digest().subarray(0, 16).toString('base64url');
}

function formOf(value: unknown, within: ReadonlySet<object>): string {
  if (typeof value === 'object' && value !== null) return formOfObject(value, within);
  // -0 is 0, as it is for JSON and for a `Map`.
  if (typeof value === 'number') return sized('n', String(value));
  if (typeof value === 'string') return sized('s', value);
  if (typeof value === 'bigint') return sized('i', String(value));
  if (typeof value === 'boolean' || value === undefined || value === null) return sized('c', String(value));
  throw new TypeError(`stableKey cannot make a key of a ${typeof value}.`);
}

function formOfObject(value: object, within: ReadonlySet<object>): string {
  if (within.has(value)) throw new TypeError('stableKey cannot make a key of a value that contains itself.');
  const deeper = new Set(within).add(value);
  const form = formsByClass.find(([is]) => value instanceof is)?.[1] ?? plainForm(value);
  return form(value as never, deeper);
}

const formsByClass: readonly (readonly [new (...args: never[]) => object, Form])[] = [
  [
    Array,
    (items: unknown[], within) =>
      listed(
        'a',
        items.map((item) => formOf(item, within)),
      ),
  ],
  [Date, (date: Date) => sized('d', String(date.getTime()))],
  [URL, (url: URL) => sized('u', url.href)],
  [Uint8Array, (bytes: Uint8Array) => sized('b', Buffer.from(bytes).toString('base64'))],
  [
    Map,
    (map: Map<unknown, unknown>, within) =>
      listed(
        'm',
        sorted(map, (entry) => pairOf(entry, within)),
      ),
  ],
  [
    Set,
    (set: Set<unknown>, within) =>
      listed(
        'e',
        sorted(set, (item) => formOf(item, within)),
      ),
  ],
];

function plainForm(value: object): Form {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || prototype === Object.prototype)
    return (properties: object, within) => {
      const entries = Object.entries(properties).filter(([, property]) => property !== undefined);
      return listed(
        'o',
        sorted(entries, (entry) => pairOf(entry, within)),
      );
    };
  throw new TypeError(
    'stableKey cannot make a key of an instance of a class: give it what it is identified by.',
  );
}

function pairOf([name, value]: readonly [unknown, unknown], within: ReadonlySet<object>): string {
  return formOf(name, within) + formOf(value, within);
}

function sorted<T>(items: Iterable<T>, form: (item: T) => string): string[] {
  return Array.from(items, form).toSorted();
}

function listed(kind: string, forms: readonly string[]): string {
  return `${kind}${forms.length}[${forms.join('')}]`;
}

function sized(kind: string, text: string): string {
  return `${kind}${text.length}:${text}`;
}
