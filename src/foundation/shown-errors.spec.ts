import { AuthenticationError, MomentoErrorCode, UnknownError } from '@gomomento/sdk';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Canary, everythingOf } from '../../test/support/canary.js';
import { makeV1Key, makeV2Key } from '../../test/support/keys.js';
import { MomentoCacheError, MomentoClosedError, MomentoTopicError } from './momento.errors.js';

describe('errors of operations', () => {
  it('are one clean line, whatever the names and the answer are', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, text, fc.boolean(), (cacheName, target, answer, isV2) => {
        const key = isV2 ? makeV2Key() : makeV1Key();
        const error = MomentoTopicError.fromSdk(
          { name: 'publish', cacheName: cacheName + key, target: key + target },
          new UnknownError(`${answer} ${key}`),
        );
        expect(error.message).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        expect(new Canary(key).findIn(everythingOf(error))).toBeUndefined();
      }),
    );
  });

  it('keep names as they are for code to go by', () => {
    const operation = { name: 'get', cacheName: 'a\nb', target: 'x'.repeat(300) };
    const error = new MomentoCacheError(operation, MomentoErrorCode.TIMEOUT_ERROR, 'no answer\nat all');
    expect(error.operation).toEqual(operation);
    expect(error.message).toBe(
      `get '${'x'.repeat(100)}…' in cache 'a\\nb' failed with TIMEOUT_ERROR: no answer at all. ${error.advice}`,
    );
  });

  it('have the SDK’s error for a cause', () => {
    const sdkError = new AuthenticationError('refused');
    const error = MomentoCacheError.fromSdk({ name: 'get', cacheName: 'demo-cache' }, sdkError);
    expect(error.cause).toBe(sdkError);
  });

  it('have a copy of it for a cause when a server echoed the key', () => {
    const key = makeV2Key();
    const error = MomentoCacheError.fromSdk(
      { name: 'get', cacheName: 'demo-cache' },
      new AuthenticationError(`unknown key ${key}`),
    );
    expect(error.cause).toBeInstanceOf(AuthenticationError);
    expect(error.cause).toMatchObject({ message: 'unknown key [REDACTED]' });
    expect(error.message).toContain('unknown key [REDACTED].');
  });
});

describe('MomentoClosedError', () => {
  it('quotes the connection', () => {
    expect(new MomentoClosedError('a\nb').message).toContain(
      String.raw`The Momento connection 'a\nb' is closed.`,
    );
  });
});
