import type { OpenRequestRecord } from '../../request-log.js';
import { type CallFailure, type StatusName, statusNameOf } from './call-failure.js';
import type { RpcName } from '../services.js';

/** A call from its arrival to its end. Whoever ends it first decides how; what comes later is ignored. */
export class OpenCall {
  #ended = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #onEnd: (() => void)[] = [];
  readonly #sendFailure: (failure: CallFailure) => void;

  /** @param cacheName in full; the record may have it cut */
  constructor(
    readonly record: OpenRequestRecord,
    readonly cacheName: string,
    sendFailure: (failure: CallFailure) => void,
  ) {
    this.#sendFailure = sendFailure;
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Runs the callback when the call ends, or at once when it has ended. */
  onEnd(callback: () => void): void {
    if (this.#ended) {
      callback();
    } else {
      this.#onEnd.push(callback);
    }
  }

  /** Runs the callback after a while, unless the call ends before. */
  after(delayMs: number, callback: () => void): void {
    // Whoever waits for the answer holds its own process.
    this.#timer = setTimeout(callback, delayMs).unref();
  }

  /** Marks a stream as answered while it stays open. */
  opened(): void {
    if (!this.#ended) {
      this.record.status = 'OK';
    }
  }

  fail(failure: CallFailure): void {
    if (this.end(statusNameOf(failure))) {
      this.#sendFailure(failure);
    }
  }

  /** Ends the call, and answers whether it was still open. */
  end(statusName: StatusName): boolean {
    if (this.#ended) {
      return false;
    }
    this.#ended = true;
    clearTimeout(this.#timer);
    if (this.record.status === 'PENDING') {
      this.record.status = statusName;
    }
    for (const callback of this.#onEnd) {
      callback();
    }
    return true;
  }
}

/** The calls that are open on one server. */
export class OpenCalls {
  readonly #calls = new Set<OpenCall>();

  add(call: OpenCall): void {
    this.#calls.add(call);
    call.onEnd(() => this.#calls.delete(call));
  }

  /** How many calls of one kind are open. */
  count(rpc: RpcName): number {
    return [...this.#calls].filter(({ record }) => record.rpc === rpc).length;
  }

  /** Fails every open call, or those that match. */
  fail(failure: CallFailure, matches: (call: OpenCall) => boolean = () => true): void {
    for (const call of this.#calls) {
      if (matches(call)) {
        call.fail(failure);
      }
    }
  }
}
