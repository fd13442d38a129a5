import { format, inspect } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Secret } from './secret.js';

/** An error whose stack does not say where in this file it was made. */
const failed = (cause: unknown) => Object.assign(new Error('failed', { cause }), { stack: 'Error: failed' });

/** Every way in which a value gets into a log, an error or an answer by accident. */
const waysToShow: Readonly<Record<string, (secret: Secret) => unknown>> = {
  'String()': (secret) => String(secret),
  'toString()': (secret) => secret.toString(),
  // oxlint-disable-next-line typescript/restrict-template-expressions -- what the rule forbids is what is tested
  'a template string': (secret) => `${secret}`,
  concatenation: (secret) => 'key: '.concat(String(secret)) + secret,
  'Array.join()': (secret) => [secret, secret].join(),
  'Object.prototype.toString': (secret) => Object.prototype.toString.call(secret),
  'JSON.stringify': (secret) => JSON.stringify({ deep: [{ secret }] }),
  'util.inspect': (secret) => inspect(secret),
  'util.inspect, deep inside': (secret) => inspect({ a: { b: { c: [secret] } } }, { depth: null }),
  'util.inspect at depth 0': (secret) => inspect(secret, { depth: 0 }),
  'util.inspect with showHidden': (secret) => inspect(secret, { showHidden: true }),
  'util.inspect with getters': (secret) => inspect(secret, { showHidden: true, getters: true }),
  'util.inspect without custom inspection': (secret) =>
    inspect(secret, { customInspect: false, showHidden: true, depth: 20 }),
  'util.inspect of a Proxy': (secret) => inspect(new Proxy(secret, {})),
  'util.inspect of a Proxy with showProxy': (secret) =>
    inspect(new Proxy(secret, {}), { showProxy: true, showHidden: true, customInspect: false }),
  'util.format %s': (secret) => format('%s', secret),
  'util.format %o, %O and %j': (secret) => format('%o %O %j', secret, secret, secret),
  'an error’s message': (secret) => new Error(String(secret)).message,
  'an error’s cause': (secret) => inspect(failed({ secret }), { showHidden: true, depth: 20 }),
  'an error’s cause, serialised': (secret) => JSON.stringify(Object.assign(failed(secret), { secret })),
  'an error’s properties': (secret) => inspect(Object.assign(failed(undefined), { errors: [secret] })),
};

/** All of them, of a secret with this text. */
const shownOf = (text: string) => Object.values(waysToShow).map((show) => show(new Secret(text)));

describe('Secret', () => {
  it('reveals its text to those who ask', () => {
    expect(new Secret('the key').reveal()).toBe('the key');
  });

  it.each(Object.entries(waysToShow))('is redacted in %s', (_way, show) => {
    expect(show(new Secret('the key'))).toContain('[REDACTED]');
  });

  it('shows the same in every way, whatever it holds', () => {
    const shown = shownOf('');
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(shownOf(text)).toEqual(shown);
      }),
    );
  });

  it('has nothing that reflection or copying could find', () => {
    const secret = new Secret('the key');
    expect(Reflect.ownKeys(secret)).toEqual([]);
    expect(Object.entries(secret)).toEqual([]);
    expect(Object.assign({}, secret)).toEqual({});
    expect(structuredClone(secret)).toEqual({});
    expect(deserialize(serialize(secret))).toEqual({});
  });

  it('cannot be given properties', () => {
    expect(() => Object.assign(new Secret('the key'), { copy: 'the key' })).toThrow(TypeError);
  });

  it('equals another of the same text', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (one, other) => {
        expect(new Secret(one).equals(new Secret(other))).toBe(one === other);
        expect(new Secret(one).equals(new Secret(one))).toBe(true);
      }),
    );
  });
});
