import { MomentoErrorCode, type SdkError, TimeoutError } from '@gomomento/sdk';
import { TimeLimit } from '../../foundation/time/time-limit.js';
import type { ClientGeneration } from '../rotation/client-generation.js';
import { isErrorResponse } from '../sdk/sdk-answer.js';
import { invoke } from './stable-client.js';

type Run = (call: (clients: ClientGeneration) => Promise<unknown>, timeoutMs: number) => Promise<unknown>;

/**
 * A batch call with the time of any other call, which the SDK gives it none of. A repeat with another key has the whole time
 * again, as other calls have. When the time is over the answer is the SDK's own timeout, as the configuration wants its
 * errors: returned or thrown. A signal of the caller's ends it as well.
 */
export function boundedBatch(
  method: 'getBatch' | 'setBatch',
  run: Run,
  timeoutMs: number,
  ErrorResponse: new (error: SdkError) => object,
) {
  const attempt = async (clients: ClientGeneration, args: readonly unknown[], options: BatchOptions) => {
    const limit = new TimeLimit(timeoutMs, options.abortSignal);
    const isOver = () => limit.isOver && options.abortSignal?.aborted !== true;
    try {
      const withSignal = [...args, { ...options, abortSignal: limit.signal }];
      const answer = await invoke(clients.cacheClient, method, withSignal);
      return isOver() && isCancelled(answer) ? new ErrorResponse(timedOut(timeoutMs)) : answer;
    } catch (error) {
      throw isOver() ? timedOut(timeoutMs) : error;
    } finally {
      limit.release();
    }
  };
  return (cacheName: string, items: unknown, options?: BatchOptions | null) =>
    run((clients) => attempt(clients, [cacheName, items], options ?? {}), timeoutMs);
}

interface BatchOptions {
  readonly abortSignal?: AbortSignal;
}

function isCancelled(answer: unknown): boolean {
  return (
    typeof answer === 'object' &&
    answer !== null &&
    isErrorResponse(answer) &&
    answer.innerException().errorCode() === MomentoErrorCode.CANCELLED_ERROR
  );
}

function timedOut(timeoutMs: number): TimeoutError {
  return new TimeoutError(`no answer within ${timeoutMs} ms`);
}
