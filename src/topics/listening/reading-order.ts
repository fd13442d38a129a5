import type { Cursor, StreamGap } from '../../clients/streams/topic-position.js';

/** So many messages and gaps wait while a schema takes its time. */
const mostWaiting = 1_000;

export interface ReadingOrderOptions {
  readonly onGap: (gap: StreamGap) => void;
  /** A message is left out, because too many wait. */
  readonly onFull: (most: number) => void;
}

/** What is read of a topic, one after the other: at once, unless something before needs time. What does not find room is a gap. */
export class ReadingOrder {
  readonly #options: ReadingOrderOptions;
  /** What is still being read, and what waits behind it. */
  #last: Promise<void> | undefined;
  #waiting = 0;
  /** Not told yet; until then all that comes becomes part of it. */
  #leftOut: StreamGap | undefined;
  #isOver = false;

  constructor(options: ReadingOrderOptions) {
    this.#options = options;
  }

  /** @param read does not throw, and does not reject */
  message({ page, number }: Cursor, read: () => void | Promise<void>): void {
    if (this.#hasRoom()) return this.#do(read);
    this.#options.onFull(mostWaiting);
    this.#leaveOut({ from: { page, number: number - 1 }, to: { page, number }, missed: 1 });
  }

  gap(gap: StreamGap): void {
    if (this.#hasRoom()) this.#do(() => this.#options.onGap(gap));
    else this.#leaveOut(gap);
  }

  /** What waits is given up. */
  end(): void {
    this.#isOver = true;
  }

  /** Whether nothing is told any more, also of what is being read. */
  get isOver(): boolean {
    return this.#isOver;
  }

  #hasRoom(): boolean {
    return this.#leftOut === undefined && this.#waiting < mostWaiting;
  }

  #do(work: () => void | Promise<void>): void {
    if (this.#isOver) return;
    const before = this.#last;
    const outcome = before === undefined ? work() : before.then(() => (this.#isOver ? undefined : work()));
    if (!(outcome instanceof Promise)) return;
    this.#waiting += 1;
    const mine: Promise<void> = outcome.finally(() => {
      this.#waiting -= 1;
      if (this.#last === mine) this.#last = undefined;
    });
    this.#last = mine;
  }

  #leaveOut(gap: StreamGap): void {
    const before = this.#leftOut;
    this.#leftOut = before === undefined ? gap : join(before, gap);
    if (before !== undefined) return;
    this.#do(() => {
      const leftOut = this.#leftOut;
      this.#leftOut = undefined;
      if (leftOut !== undefined) this.#options.onGap(leftOut);
    });
  }
}

function join(before: StreamGap, { to, missed }: StreamGap): StreamGap {
  const { from } = before;
  return before.missed === undefined || missed === undefined
    ? { from, to }
    : { from, to, missed: before.missed + missed };
}
