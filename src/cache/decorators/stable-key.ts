import { createHash } from 'node:crypto';
import { types } from 'node:util';
import { hasPlainPrototype } from '../../foundation/values/json-form.js';

/** A request may bring a value that is deeper than the stack. */
const deepest = 1_000;

/**
 * A key for a value of any shape: 22 characters of base64url, which are 128 bits of a SHA-256. Values that are equal have the
 * same key, whatever the order of their properties, of a `Map` or of a `Set`; a property that is `undefined` is none. Behind a
 * name of its own, as in `` `search:${stableKey(query)}` ``.
 *
 * @throws TypeError for functions, symbols, instances of classes but `Date`, `URL`, `Map`, `Set` and `Uint8Array`, for what contains
 * itself, and for what is deeper than 1,000
 * @example
 * stableKey({ page: 1, tags: new Set(['a', 'b']) }) === stableKey({ tags: new Set(['b', 'a']), page: 1 });
 */
export function stableKey(value: unknown): string {
  // Not in UTF-8, where all halves of a surrogate pair that stand alone are one character.
  const digest = createHash('sha256').update(formOf(value, new Set()), 'utf16le').digest();
  return digest.subarray(0, 16).toString('base64url');
}

/**
 * Begins with its kind and says how long it is, so that no two values have the same form.
 *
 * @param within the objects that contain the value
 */
function formOf(value: unknown, within: Set<object>): string {
  if (typeof value === 'string') return sized('s', value);
  // -0 is 0, as it is for JSON and for a `Map`.
  if (typeof value === 'number') return sized('n', String(value));
  if (typeof value === 'bigint') return sized('i', String(value));
  if (typeof value === 'boolean' || value === undefined || value === null) return sized('c', String(value));
  if (typeof value !== 'object') throw refused(`a ${typeof value}`);
  if (within.has(value)) throw refused('a value that contains itself');
  if (within.size === deepest) throw refused('a value that is deeper than 1,000');
  within.add(value);
  const form = formOfObject(value, within);
  within.delete(value);
  return form;
}

/** By what it is and not by `instanceof`, where there is a way: Jest runs tests in a realm of its own, with other classes. */
function formOfObject(value: object, within: Set<object>): string {
  const pairOf = ([name, property]: readonly [unknown, unknown]) =>
    formOf(name, within) + formOf(property, within);
  // With `from`, a hole is an `undefined`.
  if (Array.isArray(value))
    return listed(
      'a',
      Array.from(value, (item) => formOf(item, within)),
    );
  if (types.isDate(value)) return sized('d', String(value.getTime()));
  if (types.isUint8Array(value)) return sized('b', Buffer.from(value).toString('base64'));
  if (types.isMap(value)) return listed('m', Array.from(value, pairOf).toSorted());
  if (types.isSet(value)) return listed('e', Array.from(value, (item) => formOf(item, within)).toSorted());
  if (value instanceof URL) return sized('u', value.href);
  if (!hasPlainPrototype(value)) throw refused('an instance of a class: give it what identifies that');
  const properties = Object.entries(value).filter(([, property]) => property !== undefined);
  return listed('o', properties.map(pairOf).toSorted());
}

function listed(kind: string, forms: readonly string[]): string {
  return `${kind}${forms.length}[${forms.join('')}]`;
}

function sized(kind: string, text: string): string {
  return `${kind}${text.length}:${text}`;
}

function refused(what: string): TypeError {
  return new TypeError(`stableKey cannot make a key of ${what}.`);
}
