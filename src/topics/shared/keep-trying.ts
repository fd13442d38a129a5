import { pause } from '../../foundation/time/pause.js';

const shortestPauseMs = 500;
const longestPauseMs = 30_000;

export interface KeepTryingOptions {
  /** Nothing is tried any more when it aborts. */
  readonly signal: AbortSignal;
  /** Told of each failure. @returns whether it is tried again */
  readonly onFailure: (error: unknown) => boolean;
  /** Whether to wait before the first time. @default false */
  readonly hasFailed?: boolean;
}

/**
 * Tries until it succeeds, with pauses at random, longer each time, from 0.5 s to 30 s.
 *
 * @returns undefined when the signal aborted first
 * @throws the error after which it is not tried again
 */
export async function keepTrying<T>(
  attempt: () => Promise<T>,
  { signal, onFailure, hasFailed = false }: KeepTryingOptions,
): Promise<T | undefined> {
  let upToMs = shortestPauseMs * 2;
  let mustPause = hasFailed;
  while (!signal.aborted) {
    if (mustPause) {
      await pause(shortestPauseMs + Math.random() * (upToMs - shortestPauseMs), { signal });
      upToMs = Math.min(upToMs * 2, longestPauseMs);
      if (signal.aborted) break;
    }
    mustPause = true;
    try {
      return await attempt();
    } catch (error) {
      if (signal.aborted) break;
      if (!onFailure(error)) throw error;
    }
  }
  return undefined;
}
