import type { TopicGap, TopicGapEvent, TopicMessage } from '../definitions/topic.options.js';

type Event<T> = TopicMessage<T> | TopicGapEvent;

/** Messages until they are taken: at most so many, then the oldest go, and a gap says so. */
export class MessageStream<T> implements AsyncIterableIterator<Event<T>> {
  readonly #most: number;
  #kept: Event<T>[] = [];
  /** Of what was dropped from the beginning. */
  #dropped: TopicGapEvent | undefined;
  #take: ((result: IteratorResult<Event<T>, undefined>) => void) | undefined;
  #hasEnded = false;

  /** @param most 1 or more */
  constructor(most: number) {
    this.#most = most;
  }

  add(event: Event<T>): void {
    if (this.#hasEnded) return;
    this.#kept.push(event);
    if (this.#kept.length > this.#most) this.#drop();
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
    this.#kept = [];
    this.#dropped = undefined;
    this.end();
    return { value: undefined, done: true };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #hand(): void {
    const take = this.#take;
    if (take === undefined) return;
    const value = this.#dropped ?? this.#kept.shift();
    this.#dropped = undefined;
    if (value === undefined && !this.#hasEnded) return;
    this.#take = undefined;
    take(value === undefined ? { value, done: true } : { value, done: false });
  }

  #drop(): void {
    const oldest = this.#kept.shift();
    if (oldest === undefined) return;
    const gap: TopicGap = 'kind' in oldest ? oldest : gapOf(oldest);
    const before = this.#dropped;
    const missed = sum(before, gap);
    this.#dropped = {
      kind: 'gap',
      topic: gap.topic,
      cacheName: gap.cacheName,
      from: before?.from ?? gap.from,
      to: gap.to,
      ...(missed !== undefined && { missed }),
    };
  }
}

/** That one message is missing. */
function gapOf({ topic, cacheName, cursor, sequencePage, sequenceNumber }: TopicMessage<unknown>): TopicGap {
  return { topic, cacheName, from: `${sequencePage}:${sequenceNumber - 1}`, to: cursor, missed: 1 };
}

function sum(before: TopicGap | undefined, gap: TopicGap): number | undefined {
  if (before === undefined) return gap.missed;
  return before.missed === undefined || gap.missed === undefined ? undefined : before.missed + gap.missed;
}
