import type { CallFailure } from '../grpc/calls/call-failure.js';

/** What goes wrong with one call: first the delay, then the hang or the failure. */
export interface Fault {
  readonly delayMs?: number;
  /** Never answer; the call ends by its deadline or its caller. */
  readonly hang?: boolean;
  readonly failure?: CallFailure;
  readonly streamFailure?: StreamFailure;
}

/** The end of a stream once it has carried some messages. */
export interface StreamFailure extends CallFailure {
  readonly afterMessages: number;
}
