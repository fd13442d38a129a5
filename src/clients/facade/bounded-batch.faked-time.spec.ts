import { CacheGetBatch, CancelledError, MomentoErrorCode, type SdkError, UnknownError } from '@gomomento/sdk';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ClientGeneration } from '../rotation/client-generation.js';
import { boundedBatch } from './bounded-batch.js';

interface Options {
  readonly abortSignal: AbortSignal;
}

type GetBatch = (cacheName: string, keys: unknown, options: Options) => Promise<unknown>;

/** Clients whose `getBatch` does this; `run` makes each call as often as it is told. */
function batchOf(getBatch: GetBatch, { attempts = 1, timeoutMs = 1_000 } = {}) {
  const clients = { cacheClient: { getBatch } } as unknown as ClientGeneration;
  const run = async (call: (on: ClientGeneration) => Promise<unknown>) => {
    let outcome: unknown;
    for (let attempt = 0; attempt < attempts; attempt += 1) outcome = await call(clients);
    return outcome;
  };
  return boundedBatch('getBatch', run, timeoutMs, CacheGetBatch.Error);
}

/** As the SDK answers when its signal is aborted. */
const untilAborted =
  (end: (error: SdkError) => unknown): GetBatch =>
  (_cache, _keys, { abortSignal }) =>
    new Promise((resolve, reject) => {
      abortSignal.addEventListener('abort', () => {
        try {
          resolve(end(new CancelledError('cancelled by a user-provided AbortSignal')));
        } catch (error) {
          reject(error);
        }
      });
    });
const returning = untilAborted((error) => new CacheGetBatch.Error(error));
const throwing = untilAborted((error) => {
  throw error;
});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a batch', () => {
  it('is timed out when its time is over: returned where errors are returned', async () => {
    const answer = batchOf(returning)('cache', ['key']);
    await vi.advanceTimersByTimeAsync(1_000);
    const error = ((await answer) as CacheGetBatch.Error).innerException();
    expect(error.errorCode()).toBe(MomentoErrorCode.TIMEOUT_ERROR);
    expect(error.message).not.toContain('AbortSignal');
  });

  it('is timed out when its time is over: thrown where errors are thrown', async () => {
    const answer = batchOf(throwing)('cache', ['key']).catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(((await answer) as SdkError).errorCode()).toBe(MomentoErrorCode.TIMEOUT_ERROR);
  });

  it.each([
    ['returned', returning],
    ['thrown', throwing],
  ])('that its caller ends is cancelled, and says so (%s)', async (_how, getBatch) => {
    const abort = new AbortController();
    const answer = batchOf(getBatch)('cache', ['key'], { abortSignal: abort.signal }).catch(
      (error: unknown) => new CacheGetBatch.Error(error as SdkError),
    );
    abort.abort();
    const error = ((await answer) as CacheGetBatch.Error).innerException();
    expect(error.errorCode()).toBe(MomentoErrorCode.CANCELLED_ERROR);
  });

  it('has the whole time again at each attempt, and leaves no timer', async () => {
    const signals: AbortSignal[] = [];
    const slow: GetBatch = async (_cache, _keys, { abortSignal }) => {
      signals.push(abortSignal);
      await new Promise((resolve) => setTimeout(resolve, 900));
      return 'answer';
    };
    const answer = batchOf(slow, { attempts: 3 })('cache', ['key']);
    await vi.advanceTimersByTimeAsync(2_700);
    expect(await answer).toBe('answer');
    expect(new Set(signals).size).toBe(3);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false, false, false]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('passes on any other error, and the other options of its caller', async () => {
    const seen: unknown[] = [];
    const failing: GetBatch = async (...args) => {
      seen.push(args);
      throw new UnknownError('something else');
    };
    const options = { decompress: false } as object;
    await expect(batchOf(failing)('cache', ['key'], options)).rejects.toThrow('something else');
    expect(seen).toEqual([['cache', ['key'], { decompress: false, abortSignal: expect.any(AbortSignal) }]]);
  });
});
