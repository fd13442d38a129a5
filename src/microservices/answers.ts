import type { WritePacket } from '@nestjs/microservices';
import type { Observable, Observer, Subscription } from 'rxjs';
import { describeError } from '../foundation/text/describe-error.js';

/** Of one request: at most 40 MB. */
const mostWaiting = 10_000;

export interface AnswersOptions {
  readonly publish: (packet: WritePacket) => Promise<void>;
  /** An answer was not sent. */
  readonly onFailure: (error: unknown) => void;
}

/** The answers to one request: one after the other, the last of them marked as such where it is known in time. */
export class Answers implements Observer<unknown> {
  /** Resolves when the last answer was sent, or none can be any more. */
  readonly done: Promise<void>;
  readonly #options: AnswersOptions;
  readonly #packets: WritePacket[] = [];
  #finish: () => void = () => undefined;
  #source: Subscription | undefined;
  #isOver = false;
  #isSending = false;

  constructor(options: AnswersOptions) {
    this.#options = options;
    this.done = new Promise((resolve) => (this.#finish = resolve));
  }

  follow(source: Observable<unknown>): void {
    this.#source = source.subscribe(this);
    if (this.#isOver) this.#source.unsubscribe();
  }

  next(response: unknown): void {
    this.#add({ response });
  }

  error(error: unknown): void {
    this.#add({ err: sendable(error), status: 'error', isDisposed: true });
  }

  complete(): void {
    const last = this.#packets.at(-1);
    if (last === undefined) this.#add({ isDisposed: true });
    else last.isDisposed = true;
  }

  /** Nobody waits for answers any more. */
  stop(): void {
    this.#halt();
    this.#finish();
  }

  #halt(): void {
    this.#isOver = true;
    this.#packets.length = 0;
    this.#source?.unsubscribe();
  }

  #add(packet: WritePacket): void {
    if (this.#isOver) return;
    if (this.#packets.length >= mostWaiting) {
      const problem = `${mostWaiting} answers wait already: they are made faster than they can be sent`;
      return void this.#fail(new RangeError(problem));
    }
    this.#packets.push(packet);
    if (this.#isSending) return;
    this.#isSending = true;
    // Later in this turn, so that a value and the end behind it are one packet.
    queueMicrotask(() => void this.#send());
  }

  async #send(): Promise<void> {
    for (let packet = this.#packets.shift(); packet !== undefined; packet = this.#packets.shift()) {
      try {
        await this.#options.publish(packet);
      } catch (error) {
        return this.#fail(error);
      }
      if (packet.isDisposed === true) this.stop();
    }
    this.#isSending = false;
  }

  /** One that is missing ends them all: the caller must not take the others for the whole. */
  async #fail(error: unknown): Promise<void> {
    this.#halt();
    this.#options.onFailure(error);
    const err = { status: 'error', message: `The answer could not be sent: ${describeError(error)}` };
    try {
      await this.#options.publish({ err, status: 'error', isDisposed: true });
    } catch {
      // The caller's time limit ends its request.
    }
    this.#finish();
  }
}

/** An `Error` has no JSON form, and clients of Nest take what is falsy for no error. */
function sendable(error: unknown): unknown {
  if (error instanceof Error && Object.keys(error).length === 0)
    return { status: 'error', message: error.message };
  return error || { status: 'error', message: String(error) };
}
