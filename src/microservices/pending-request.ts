import type { WritePacket } from '@nestjs/microservices';
import { quoteName } from '../foundation/text/redaction.js';
import { MomentoRequestError } from './request.error.js';

export interface PendingRequestOptions {
  /** For error messages. */
  readonly pattern: string;
  readonly timeoutMs: number;
  readonly callback: (packet: WritePacket) => void;
  /** It is over: nothing more is told to it. */
  readonly onEnd: () => void;
  /** Nobody waits for answers any more, and whoever answers does not know it. */
  readonly onLeave: () => void;
}

/** A request that waits for answers. */
export class PendingRequest {
  readonly #options: PendingRequestOptions;
  #timer: NodeJS.Timeout;
  /** The instance that answered first: the answers of the others are the same once more. */
  #server: string | undefined;
  #isOver = false;

  constructor(options: PendingRequestOptions) {
    this.#options = options;
    this.#timer = this.#limit();
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  answer(server: string, { err, response, isDisposed, status }: WritePacket): void {
    this.#server ??= server;
    if (this.#isOver || server !== this.#server) return;
    const { callback } = this.#options;
    if (err !== undefined || status === 'error') {
      this.fail(err ?? { status: 'error', message: 'The service failed without saying why.' });
    } else if (isDisposed === true) {
      this.#end();
      callback({ response, isDisposed: true });
    } else {
      clearTimeout(this.#timer);
      this.#timer = this.#limit();
      callback({ response });
    }
  }

  /** Ends it with this error. */
  fail(err: unknown): void {
    if (this.#isOver) return;
    this.#end();
    this.#options.callback({ err, isDisposed: true });
  }

  /** The same, where a service may be at work on it. */
  abandon(error: MomentoRequestError): void {
    if (this.#isOver) return;
    this.fail(error);
    this.#options.onLeave();
  }

  /** Answers were lost on the way. It is the end of one that has had some: there may be a hole. */
  lose(): void {
    if (this.#server === undefined) return;
    const sentence = `Answers to ${quoteName(this.#options.pattern)} were lost on the way.`;
    this.abandon(new MomentoRequestError('answers-lost', sentence));
  }

  /** Who asked has left. */
  leave(): void {
    if (this.#isOver) return;
    this.#end();
    this.#options.onLeave();
  }

  #limit(): NodeJS.Timeout {
    const { pattern, timeoutMs } = this.#options;
    const what = this.#server === undefined ? 'answer' : 'further answer';
    const sentence = `No ${what} to ${quoteName(pattern)} came within ${timeoutMs} ms.`;
    return setTimeout(() => this.abandon(new MomentoRequestError('no-answer', sentence)), timeoutMs);
  }

  #end(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#options.onEnd();
  }
}
