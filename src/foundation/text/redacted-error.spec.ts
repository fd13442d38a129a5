import { inspect, types } from 'node:util';
import { AuthenticationError, MomentoErrorCode, type SdkError } from '@gomomento/sdk';
import { Metadata } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import { Canary, everythingOf, reachableTexts } from '../../../test/support/canary.js';
import { makeV1Key } from '../../../test/support/keys.js';
import { withoutKeys } from './redacted-error.js';

const key = makeV1Key();
const canary = new Canary(key);

/** As the SDK makes them of what gRPC gives. */
function sdkError(text: string): SdkError {
  const metadata = new Metadata();
  metadata.set('echo', text);
  metadata.set('echo-bin', Buffer.from(text));
  metadata.set('kept', 'as it is');
  return new AuthenticationError(
    `refused ${text}`,
    16,
    metadata,
    `Error: refused ${text}\n    at here.js:1:2`,
  );
}

describe('withoutKeys', () => {
  it('gives an error that holds no key back as it is', () => {
    const error = sdkError('the header');
    expect(withoutKeys(error)).toBe(error);
  });

  it('keeps class, code, stack and fields of an error that holds one, and shows the key nowhere', () => {
    const error = sdkError(key);
    const clean = withoutKeys(error);
    expect(clean).toBeInstanceOf(AuthenticationError);
    expect(types.isNativeError(clean)).toBe(true);
    expect(clean.errorCode()).toBe(MomentoErrorCode.AUTHENTICATION_ERROR);
    expect(clean.message).toBe('refused [REDACTED]');
    expect(clean.wrappedErrorMessage()).toContain('refused [REDACTED]');
    expect(clean.stack).toBe('Error: refused [REDACTED]\n    at here.js:1:2');
    const grpc = clean.transportDetails()?.grpc;
    const metadata = grpc?.metadata as Metadata | undefined;
    expect(grpc).toMatchObject({ code: 16, details: 'refused [REDACTED]' });
    expect(metadata?.get('echo')).toEqual(['[REDACTED]']);
    expect(metadata?.get('echo-bin')).toEqual([Buffer.from('[REDACTED]')]);
    expect(metadata?.get('kept')).toEqual(['as it is']);
    expect(
      canary.findIn([everythingOf(clean), reachableTexts(clean), inspect(clean)].join('\n')),
    ).toBeUndefined();
    expect(canary.findIn(everythingOf(error))).toBeDefined();
  });

  it('goes down the causes and through other fields, in circles too', () => {
    const error = Object.assign(
      new TypeError('failed', { cause: new Error('deeper', { cause: sdkError(key) }) }),
      {
        list: [{ key }],
        map: new Map([[key, key]]),
        named: { [key]: true },
      },
    );
    Object.assign(error, { self: error });
    const clean = withoutKeys(error);
    expect(clean).toBeInstanceOf(TypeError);
    expect(Reflect.get(clean, 'self')).toBe(clean);
    expect(clean.list).toEqual([{ key: '[REDACTED]' }]);
    expect(clean.cause).toMatchObject({ message: 'deeper', cause: { message: 'refused [REDACTED]' } });
    expect(canary.findIn(reachableTexts(clean))).toBeUndefined();
  });
});
