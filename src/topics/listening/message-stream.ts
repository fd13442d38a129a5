import type { TopicGapEvent, TopicMessage } from '../definitions/topic.options.js';
import { BoundedEvents } from './bounded-events.js';

type Event<T> = TopicMessage<T> | TopicGapEvent;

/** Messages until they are taken: at most so many, then the oldest go, and a gap says so. */
export class MessageStream<T> implements AsyncIterableIterator<Event<T>> {
  readonly #events: BoundedEvents<TopicMessage<T>>;
  #take: ((result: IteratorResult<Event<T>, undefined>) => void) | undefined;
  #hasEnded = false;

  /** @param most 1 or more */
  constructor(most: number) {
    this.#events = new BoundedEvents(most, 'drop-oldest');
  }

  add(event: Event<T>): void {
    if (this.#hasEnded) return;
    this.#events.add(event);
    this.#hand();
  }

  /** What is kept is still handed out. */
  end(): void {
    this.#hasEnded = true;
    this.#hand();
  }

  async next(): Promise<IteratorResult<Event<T>, undefined>> {
    return new Promise((resolve) => {
      this.#take = resolve;
      this.#hand();
    });
  }

  async return(): Promise<IteratorResult<Event<T>, undefined>> {
    this.#events.clear();
    this.end();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #hand(): void {
    const take = this.#take;
    if (take === undefined) return;
    const value = this.#events.take();
    if (value === undefined && !this.#hasEnded) return;
    this.#take = undefined;
    take(value === undefined ? { value, done: true } : { value, done: false });
  }
}
