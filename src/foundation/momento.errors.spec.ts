import { MomentoErrorCode } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import * as first from './momento.errors.js';

/** As an app has it when `import` finds the ESM build and Jest or an older loader the CommonJS one. */
const otherCopy = './momento.errors.js?other-copy';
const second: typeof first = await import(/* @vite-ignore */ otherCopy);

type Errors = typeof first;

const operation = { name: 'get', cacheName: 'demo-cache' };

const made = {
  MomentoConfigurationError: (errors: Errors) =>
    new errors.MomentoConfigurationError('invalid-options', 'It is wrong.', 'Correct it.'),
  MomentoCacheError: (errors: Errors) =>
    new errors.MomentoCacheError(operation, MomentoErrorCode.TIMEOUT_ERROR, 'too late'),
  MomentoTopicError: (errors: Errors) =>
    new errors.MomentoTopicError(operation, MomentoErrorCode.TIMEOUT_ERROR, 'too late'),
  MomentoClosedError: (errors: Errors) => new errors.MomentoClosedError('default'),
  MomentoLockError: (errors: Errors) => new errors.MomentoLockError('lock-lost', 'It was lost.'),
};

const classNames = [...Object.keys(made), 'MomentoServiceError', 'MomentoError'] as const;
const ancestors: Readonly<Record<string, readonly string[]>> = {
  MomentoConfigurationError: ['MomentoError'],
  MomentoCacheError: ['MomentoServiceError', 'MomentoError'],
  MomentoTopicError: ['MomentoServiceError', 'MomentoError'],
  MomentoClosedError: ['MomentoError'],
  MomentoLockError: ['MomentoError'],
};

/** The classes of a copy that take the error for theirs. */
const classesOf = (error: unknown, errors: Errors): string[] =>
  Object.entries(errors)
    .filter(([, value]) => typeof value === 'function' && error instanceof value)
    .map(([name]) => name)
    .toSorted();

describe('errors of this library', () => {
  it('are of two copies in this test', () => {
    expect(second.MomentoError).not.toBe(first.MomentoError);
    expect(classNames.every((name) => name in first)).toBe(true);
  });

  it.each(Object.entries(made))('know a %s of another copy, for what it is', (name, make) => {
    const expected = [name, ...(ancestors[name] ?? [])].toSorted();
    for (const [maker, asked] of [
      [first, first],
      [first, second],
      [second, first],
    ] as const) {
      expect(classesOf(make(maker), asked)).toEqual(expected);
    }
  });

  it.each([
    ['another error', new Error('get failed')],
    ['one of the same name', Object.assign(new Error('no'), { name: 'MomentoCacheError' })],
    ['nothing', undefined],
    ['null', null],
    ['text', 'MomentoCacheError'],
    ['an object without a prototype', Object.create(null)],
  ])('do not know %s', (_what, value) => {
    expect(classesOf(value, first)).toEqual([]);
  });

  it('know those of a subclass of the user’s own', () => {
    class UserCacheError extends second.MomentoCacheError {}
    const error = new UserCacheError(operation, MomentoErrorCode.TIMEOUT_ERROR, 'too late');
    expect(error).toBeInstanceOf(UserCacheError);
    expect(classesOf(error, first)).toEqual(['MomentoCacheError', 'MomentoError', 'MomentoServiceError']);
  });

  it('are none of a subclass of the user’s own', () => {
    class UserError extends first.MomentoError {
      override readonly name = 'UserError';
      readonly code = 'user-error';
    }
    class UserCacheError extends first.MomentoCacheError {}
    for (const make of Object.values(made)) {
      for (const errors of [first, second]) {
        expect(make(errors)).not.toBeInstanceOf(UserError);
        expect(make(errors)).not.toBeInstanceOf(UserCacheError);
      }
    }
    expect(new UserError('It is wrong.', 'Correct it.')).toBeInstanceOf(UserError);
    expect(new UserError('It is wrong.', 'Correct it.')).not.toBeInstanceOf(UserCacheError);
  });

  it('show nothing of how they are recognised', () => {
    const error = made.MomentoClosedError(first);
    expect(Object.getOwnPropertySymbols(error)).toEqual([]);
    expect(Object.keys(error).toSorted()).toEqual(['advice', 'code', 'name']);
  });

  it('are narrowed by instanceof', () => {
    const error: unknown = made.MomentoCacheError(second);
    if (!(error instanceof first.MomentoCacheError)) throw new Error('not narrowed');
    expect(error.operation.cacheName).toBe('demo-cache');
  });
});
