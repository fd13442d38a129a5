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
const longestPollDelayMs = 5_000;

/**
 * The pauses between looks for another key after Momento rejected the one in use: at once, then ever slower, 14 looks in
 * all within about half a minute.
 */
export function* rejectedKeyPollDelaysMs(): Generator<number> {
  yield 0;
  for (let delayMs = firstPollDelayMs, look = 1; look < rejectedKeyPolls; look += 1) {
    yield delayMs;
    delayMs = Math.min(delayMs * pollGrowth, longestPollDelayMs);
  }
}

/** The bound on calls for one rejected key, before the regular backoff takes over. */
export const rejectedKeyPolls = 14;
