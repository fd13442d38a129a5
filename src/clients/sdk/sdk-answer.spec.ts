import {
  AuthenticationError,
  CacheGet,
  CancelledError,
  MomentoErrorCode,
  PermissionError,
  UnknownError,
} from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { Canary, everythingOf } from '../../../test/support/canary.js';
import { failureOf, makeV1Key } from '../../../test/support/keys.js';
import { MomentoCacheError, MomentoClosedError } from '../../foundation/momento.errors.js';
import { callMomento, finish, isKeyRejected, isSuccess, sdkAnswer } from './sdk-answer.js';

const operation = { name: 'get', cacheName: 'demo-cache', target: 'key' };

const returned = (error: AuthenticationError | PermissionError): CacheGet.Response =>
  new CacheGet.Error(error);

describe('sdkAnswer', () => {
  it('is the answer when it is no error', async () => {
    const miss: CacheGet.Response = new CacheGet.Miss();
    await expect(sdkAnswer(Promise.resolve(miss), (answer) => answer)).resolves.toBe(miss);
  });

  it('throws the SDK’s error as it is, returned or thrown', async () => {
    const error = new PermissionError('not allowed');
    expect(await failureOf(() => sdkAnswer(Promise.resolve(returned(error)), (answer) => answer))).toBe(
      error,
    );
    expect(await failureOf(() => sdkAnswer(Promise.reject<object>(error), (answer) => answer))).toBe(error);
  });

  it('throws an error of this library as it is', async () => {
    const error = new MomentoClosedError('default');
    expect(await failureOf(() => sdkAnswer(Promise.reject(error), (answer) => answer))).toBe(error);
  });

  it('makes an error of the SDK of any other, with its stack and itself for the cause', async () => {
    const error = new TypeError('Cannot read properties of undefined');
    const failure = await failureOf(() => sdkAnswer(Promise.reject(error), (answer) => answer));
    expect(failure).toBeInstanceOf(UnknownError);
    expect(failure).toMatchObject({ message: error.message, stack: error.stack, cause: error });
  });

  it('makes a cancellation of the bare string of a closed client', async () => {
    const failure = await failureOf(() =>
      sdkAnswer(Promise.reject<object>('Task has been purged.'), (answer) => answer),
    );
    expect(failure).toBeInstanceOf(CancelledError);
  });

  it.each([null, undefined, 7, Object.create(null) as object])(
    'makes an error of the SDK of %s',
    async (thrown) => {
      expect(
        await failureOf(() => sdkAnswer(Promise.reject<object>(thrown), (answer) => answer)),
      ).toBeInstanceOf(UnknownError);
    },
  );
});

describe('callMomento', () => {
  it('gives the failure the SDK’s error for a cause, with its own cause and stack', async () => {
    const thrown = new TypeError('Cannot read properties of undefined');
    const failure = await failureOf(() => callMomento(operation, Promise.reject(thrown), MomentoCacheError));
    expect(failure).toBeInstanceOf(MomentoCacheError);
    expect(failure).toMatchObject({
      code: MomentoErrorCode.UNKNOWN_ERROR,
      cause: { stack: thrown.stack, cause: thrown },
    });
  });

  it('shows no key that the answer echoes', async () => {
    const key = makeV1Key();
    const echo = new Error(`header ${key}`, { cause: { authorization: key } });
    for (const call of [
      Promise.reject<object>(echo),
      Promise.resolve(returned(new AuthenticationError(key))),
    ]) {
      const failure = await failureOf(() => callMomento(operation, call, MomentoCacheError));
      expect(failure).toBeInstanceOf(MomentoCacheError);
      expect(new Canary(key).findIn(everythingOf(failure))).toBeUndefined();
    }
  });
});

describe('an outcome', () => {
  const rejected = new AuthenticationError('unknown');
  const miss = new CacheGet.Miss();

  it.each<[string, { value: unknown } | { thrown: unknown }, boolean, boolean]>([
    ['a value', { value: miss }, false, true],
    ['no value', { value: undefined }, false, true],
    ['a rejected key, returned', { value: returned(rejected) }, true, false],
    ['a rejected key, thrown', { thrown: rejected }, true, false],
    ['a missing permission', { value: returned(new PermissionError('no')) }, false, false],
    ['another error', { thrown: new Error('broken') }, false, false],
  ])('of %s is told', (_what, outcome, keyRejected, success) => {
    expect([isKeyRejected(outcome), isSuccess(outcome)]).toEqual([keyRejected, success]);
  });

  it('is finished as it ended', () => {
    expect(finish({ value: miss })).toBe(miss);
    expect(() => finish({ thrown: rejected })).toThrow(rejected);
  });
});
