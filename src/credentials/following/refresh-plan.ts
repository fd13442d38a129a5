/** How a key is followed. All but the interval is fixed: it comes of how Secrets Manager and Lambda behave. */
export interface RefreshOptions {
  /** How often the source is asked, in seconds, more than 0; ± 10 %, so that processes spread. @default 300 */
  readonly intervalSeconds?: number;
}

export interface RefreshState {
  readonly intervalMs: number;
  /** The first one after the boot is spread over the whole interval: a deploy starts many processes at once. */
  readonly isFirst: boolean;
  /** Failed attempts since the last good one; a key that Momento rejected counts as one. */
  readonly failures: number;
  /** How long the key is still valid, in milliseconds; undefined when it does not say. */
  readonly validityLeftMs: number | undefined;
}

const intervalJitter = 0.1;
const firstBackoffMs = 1_000;
const longestBackoffMs = 60_000;
const shortestDelayMs = 1_000;
/** So many attempts fit into the validity that is left, whatever it is. */
const attemptsBeforeExpiry = 4;

/**
 * When to ask the source next, in milliseconds from now.
 *
 * @param random gives numbers from 0 to below 1
 */
export function nextRefreshDelayMs(state: RefreshState, random: () => number = Math.random): number {
  const regular = state.failures > 0 ? backoffMs(state.failures, random) : intervalMs(state, random);
  const { validityLeftMs } = state;
  if (validityLeftMs === undefined || validityLeftMs <= 0) return regular;
  return Math.min(regular, Math.max(shortestDelayMs, validityLeftMs / attemptsBeforeExpiry));
}

function intervalMs({ intervalMs: interval, isFirst }: RefreshState, random: () => number): number {
  return isFirst ? interval * random() : interval * (1 + intervalJitter * (2 * random() - 1));
}

/** 1 s doubling to 60 s, each between its half and its whole. */
function backoffMs(failures: number, random: () => number): number {
  const whole = Math.min(firstBackoffMs * 2 ** (failures - 1), longestBackoffMs);
  return whole * (0.5 + random() / 2);
}

const firstPollDelayMs = 100;
const pollGrowth = 1.5;
/** Small beside the time limit of a call, which waits for the outcome. */
const longestPollDelayMs = 500;

/** The bound on looks for one rejection. */
export const rejectedKeyPolls = 16;
/** After a look that found no other key, rejections fail at once for so long, at first; the regular backoff goes on meanwhile. */
export const pollPauseMs = 5_000;
export const longestPollPauseMs = 60_000;

/**
 * The pauses before the source is asked again, after it was asked at once because Momento rejected the key in use: up to half
 * a second, for longer than the five seconds that a call may take as the SDK is configured by default.
 */
export function* rejectedKeyPollDelaysMs(): Generator<number> {
  for (let delayMs = firstPollDelayMs, look = 1; look < rejectedKeyPolls; look += 1) {
    yield delayMs;
    delayMs = Math.min(delayMs * pollGrowth, longestPollDelayMs);
  }
}
