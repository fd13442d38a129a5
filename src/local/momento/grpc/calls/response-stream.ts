import type { ServerWritableStream } from '@grpc/grpc-js';
import type { StreamFailure } from '../../faults/fault.js';
import type { OpenCall } from './open-calls.js';

/** The answering side of a streaming call. */
export class ResponseStream<Response> {
  #messagesLeft: number;

  constructor(
    readonly call: OpenCall,
    private readonly stream: ServerWritableStream<object, Response>,
    private readonly failure?: StreamFailure,
    private readonly onMessage: (message: Response) => void = () => undefined,
  ) {
    this.#messagesLeft = failure?.afterMessages ?? Infinity;
  }

  /** Sends a message unless the call has ended. Answers false when the reader lags: then wait for {@link onDrain}. */
  write(message: Response): boolean {
    if (this.call.ended) {
      return false;
    }
    this.onMessage(message);
    const wantsMore = this.#messagesLeft > 0 && this.stream.write(message);
    this.#messagesLeft -= 1;
    if (this.failure !== undefined && this.#messagesLeft <= 0) {
      this.call.fail(this.failure);
    }
    return wantsMore;
  }

  /** Whether the reader has yet to take what was sent. */
  get lags(): boolean {
    return this.stream.writableNeedDrain;
  }

  /** Runs the callback each time that the reader has caught up. */
  onDrain(callback: () => void): void {
    this.stream.on('drain', callback);
  }

  end(): void {
    if (this.call.end('OK')) {
      this.stream.end();
    }
  }
}
