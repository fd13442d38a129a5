import { showName } from '../text/redaction.js';
import { showPlace } from './value-path.js';

/** Deeper values, and those that contain themselves, are left to the slow way. */
const deepest = 200;

/**
 * Whether JSON gives the value back, as far as one fast look tells: called for each value that is written. A property that is
 * `undefined` is none: it reads as `undefined` afterwards as well.
 */
export function isSurelyJson(value: unknown, depth = 0): boolean {
  // Most of what is looked at is a text or a number: the loops do not call for these.
  if (typeof value !== 'object')
    return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  if (value === null) return true;
  if (depth > deepest) return false;
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index += 1) {
      const item: unknown = value[index];
      if (typeof item !== 'string' && typeof item !== 'number' && !isSurelyJson(item, depth + 1))
        return false;
    }
    return true;
  }
  if (!hasPlainPrototype(value)) return hasToJson(value) && !ArrayBuffer.isView(value);
  const properties = value as Readonly<Record<string, unknown>>;
  for (const name in properties) {
    const item = properties[name];
    if (
      typeof item !== 'string' &&
      typeof item !== 'number' &&
      item !== undefined &&
      !isSurelyJson(item, depth + 1)
    )
      return false;
  }
  return true;
}

/** What JSON would lose or change without saying so, and where; undefined when there is nothing. Never shows the value. */
export function jsonProblem(value: unknown): string | undefined {
  return problemAt(value, [], new Set());
}

function problemAt(value: unknown, path: PropertyKey[], within: Set<object>): string | undefined {
  const problem = ownProblem(value);
  if (problem !== undefined) return `${showPlace(path)} is ${problem}`;
  // What is within itself is refused by JSON.stringify.
  if (typeof value !== 'object' || value === null || hasToJson(value) || within.has(value)) return undefined;
  within.add(value);
  const properties: Iterable<readonly [PropertyKey, unknown]> = Array.isArray(value)
    ? value.entries()
    : Object.entries(value).filter(([, property]) => property !== undefined);
  for (const [name, property] of properties) {
    const found = problemAt(property, [...path, name], within);
    if (found !== undefined) return found;
  }
  within.delete(value);
  return undefined;
}

function ownProblem(value: unknown): string | undefined {
  if (value === undefined) return 'undefined, which has no JSON form';
  if (typeof value === 'function' || typeof value === 'symbol')
    return `a ${typeof value}, which has no JSON form`;
  if (typeof value === 'bigint')
    return hasToJson(value) ? undefined : 'a bigint, which has no JSON form: store it as a text';
  if (typeof value !== 'object' || value === null) return undefined;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer)
    return 'bytes, which have no JSON form: use a cache with the codec bytesCodec, or store them as base64';
  if (Array.isArray(value) || hasPlainPrototype(value) || hasToJson(value)) return undefined;
  if (value instanceof Map || value instanceof Set)
    return `a ${value instanceof Map ? 'Map' : 'Set'}, which has no JSON form: store an array of its entries`;
  return `an instance of ${classNameOf(value)}, which JSON does not give back: store a plain object, or give the class a toJSON()`;
}

/** Whether it is an object of no class. */
export function hasPlainPrototype(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // Of another realm, as the objects of a test in Jest are, it has no prototype itself either.
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null;
}

function hasToJson(value: object | bigint): boolean {
  return typeof Reflect.get(Object(value), 'toJSON') === 'function';
}

function classNameOf(value: object): string {
  const maker: unknown = Reflect.get(value, 'constructor');
  return typeof maker === 'function' && maker.name !== '' ? showName(maker.name) : 'a class';
}
