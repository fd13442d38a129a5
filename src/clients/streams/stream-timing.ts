import { streamDeadlineMs } from '../sdk/client-configuration.js';

/** The times that streams go by, in milliseconds. */
export interface StreamTiming {
  /** Without a heartbeat or a message for so long, a stream is replaced. */
  readonly silenceLimitMs: number;
  /** The same for a service without heartbeats, in the end. */
  readonly longestSilenceLimitMs: number;
  /** The first answer of another stream may take so long at most, also when the user's configuration allows more. */
  readonly longestAnswerMs: number;
  /** So long two streams overlap when the next one cannot begin behind a message. */
  readonly overlapMs: number;
  /** A stream is followed by a fresh one then, ahead of the deadline that the SDK gives it. */
  readonly renewAfterMs: number;
  readonly shortestPauseMs: number;
  readonly longestPauseMs: number;
  /** A stream that lived for so long is no part of the trouble before it. */
  readonly steadyAfterMs: number;
  /** What was published so long ago Momento holds no longer. It says about five seconds. */
  readonly surelyForgottenMs: number;
  /** From 0 to 1. */
  readonly random: () => number;
}

export const defaultStreamTiming: StreamTiming = {
  silenceLimitMs: 18_000,
  longestSilenceLimitMs: 300_000,
  longestAnswerMs: 18_000,
  overlapMs: 1_000,
  renewAfterMs: streamDeadlineMs * 0.8,
  shortestPauseMs: 500,
  longestPauseMs: 30_000,
  steadyAfterMs: 10_000,
  surelyForgottenMs: 30_000,
  random: Math.random,
};
