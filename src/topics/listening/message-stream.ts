import type { TopicGapEvent, TopicMessage } from '../definitions/topic.options.js';
import { BoundedEvents, isGap } from './bounded-events.js';

type Event<T> = TopicMessage<T> | TopicGapEvent;
type Result<T> = IteratorResult<Event<T>, undefined>;

interface Taker<T> {
  readonly resolve: (result: Result<T>) => void;
  readonly reject: (error: unknown) => void;
}

/** What a stream is told. */
export interface StreamInput<T> {
  readonly event: (event: Event<T>) => void;
  /** What is kept is still handed out. */
  readonly ended: () => void;
}

export interface MessageStreamOptions<T> {
  /** How many messages wait to be taken, 1 or more; then the oldest go, and a gap says so. */
  readonly bufferSize: number;
  /** Ends the iteration, with what is kept. */
  readonly signal: AbortSignal | undefined;
  /** Begins to listen, with the first message that is asked for. */
  readonly listen: (input: StreamInput<T>) => Promise<{ readonly stop: () => void }>;
  /** Takes the gaps out of the stream. */
  readonly onGap: ((gap: TopicGapEvent) => void) | undefined;
}

/**
 * Messages until they are taken. Unlike a generator it ends at once, also while a message is waited for: when a browser has left, no
 * other one may come.
 */
export class MessageStream<T> implements AsyncIterableIterator<Event<T>> {
  readonly #options: MessageStreamOptions<T>;
  readonly #events: BoundedEvents<TopicMessage<T>>;
  #takers: Taker<T>[] = [];
  #listening: Promise<{ readonly stop: () => void }> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #hasEnded = false;

  constructor(options: MessageStreamOptions<T>) {
    this.#options = options;
    this.#events = new BoundedEvents(options.bufferSize, 'drop-oldest');
  }

  async next(): Promise<Result<T>> {
    this.#begin();
    return new Promise((resolve, reject) => {
      this.#takers.push({ resolve, reject });
      this.#hand();
    });
  }

  async return(): Promise<Result<T>> {
    this.#leave();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Once. */
  #begin(): void {
    if (this.#listening !== undefined || this.#hasEnded) return;
    const { signal, listen } = this.#options;
    if (signal?.aborted === true) return this.#leave();
    signal?.addEventListener('abort', this.#leave, { once: true });
    const event = (one: Event<T>) => {
      if (this.#hasEnded) return;
      this.#events.add(one);
      this.#hand();
    };
    this.#listening = listen({ event, ended: () => this.#end() });
    this.#listening.catch((error: unknown) => {
      if (!this.#hasEnded) this.#failure = { error };
      this.#end();
    });
  }

  readonly #leave = (): void => {
    this.#events.clear();
    this.#end();
  };

  #end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#options.signal?.removeEventListener('abort', this.#leave);
    void this.#listening?.then(
      ({ stop }) => stop(),
      () => undefined,
    );
    this.#hand();
  }

  #hand(): void {
    while (this.#takers.length > 0) {
      const value = this.#take();
      if (value === undefined && !this.#hasEnded) return;
      const taker = this.#takers.shift();
      if (value !== undefined) taker?.resolve({ value, done: false });
      else if (this.#failure === undefined) taker?.resolve({ value, done: true });
      else taker?.reject(this.#failure.error);
      if (value === undefined) this.#failure = undefined;
    }
  }

  #take(): Event<T> | undefined {
    const { onGap } = this.#options;
    for (;;) {
      const event = this.#events.take();
      if (event === undefined || onGap === undefined || !isGap(event)) return event;
      onGap(event);
    }
  }
}
