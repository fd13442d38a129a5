import { EndOfTick } from '../../foundation/time/end-of-tick.js';

/** Lets what was begun in one tick come to its end in one tick, so that what follows from it comes together as well. */
export class Together {
  #waiting: (readonly [work: Promise<unknown>, resolve: () => void])[] = [];
  readonly #endOfTick = new EndOfTick(() => void this.#wait());

  /** @returns the work's own outcome, when all the others have theirs */
  async add<T>(work: Promise<T>): Promise<T> {
    await new Promise<void>((resolve) => {
      this.#waiting.push([work, resolve]);
      this.#endOfTick.ask();
    });
    return work;
  }

  async #wait(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    await Promise.allSettled(waiting.map(([work]) => work));
    for (const [, resolve] of waiting) resolve();
  }
}
