import { runInNewContext } from 'node:vm';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeV1Key } from '../../../test/support/keys.js';
import { describeError, describeStack, endSentence } from './describe-error.js';

const hostile = {
  get message(): string {
    throw new Error('not to be read');
  },
  toString: () => {
    throw new Error('not to be read');
  },
};
const revoked = Proxy.revocable({}, {});
revoked.revoke();

describe('describeError', () => {
  it.each<[string, unknown, string]>([
    ['an error', new Error('It failed.'), 'It failed.'],
    ['an error of another realm', runInNewContext(`new Error('It failed.')`), 'It failed.'],
    ['text', 'It failed.', 'It failed.'],
    ['null', null, 'null'],
    ['undefined', undefined, 'undefined'],
    ['a number', 7, '7'],
    ['a symbol', Symbol('it'), 'Symbol(it)'],
    ['an object with a message', { message: 'It failed.' }, 'It failed.'],
    ['an error without a message', new TypeError(), 'TypeError'],
    [
      'an error of several addresses',
      Object.assign(new AggregateError([]), { code: 'ECONNREFUSED' }),
      'AggregateError ECONNREFUSED',
    ],
    ['a plain object', {}, 'Object'],
    ['an object without a prototype', Object.create(null), 'an object without a message'],
    ['an object whose getters throw', hostile, 'Object'],
    ['a revoked proxy', revoked.proxy, 'an object without a message'],
    ['several lines', new Error('It failed:\n  - here\r\n  - there\n'), 'It failed: - here - there'],
    ['controls', new Error('\u001b[31mIt failed.'), String.raw`\u001b[31mIt failed.`],
    ['a key', new Error(`Bearer ${makeV1Key()} refused`), 'Bearer [REDACTED] refused'],
  ])('describes %s in one line', (_what, thrown, described) => {
    expect(describeError(thrown)).toBe(described);
  });

  it('never throws, and never has a second line', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true, withObjectString: true }), (thrown) => {
        expect(describeError(thrown)).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});

describe('describeStack', () => {
  it('has the class, the message in one line, and the places', () => {
    const [first, second = ''] = describeStack(new TypeError('It failed\n[Nest] ERROR forged')).split('\n');
    expect(first).toBe('TypeError: It failed [Nest] ERROR forged');
    expect(second).toMatch(/^ {4}at /);
  });

  it.each<[string, unknown, string]>([
    ['text', 'It failed.', 'It failed.'],
    ['nothing', undefined, 'undefined'],
    ['an object whose getters throw', hostile, 'Object: Object'],
    [
      'a stack that was replaced',
      Object.assign(new Error('It failed.'), { stack: makeV1Key() }),
      'Error: It failed.',
    ],
  ])('of %s is one line', (_what, thrown, described) => {
    expect(describeStack(thrown)).toBe(described);
  });
});

describe('endSentence', () => {
  it.each([
    ['It failed', 'It failed.'],
    ['It failed.', 'It failed.'],
    ['Did it fail?', 'Did it fail?'],
  ])('%s', (text, sentence) => {
    expect(endSentence(text)).toBe(sentence);
  });
});
