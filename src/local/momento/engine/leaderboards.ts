import type { ByteBudget, ByteHolder } from './byte-budget.js';
import { Leaderboard, type LeaderboardElement } from './leaderboard.js';

/** An id and a score, of 64 bits each. */
const ELEMENT_BYTES = 16;

const NO_ELEMENTS = new Leaderboard();

/** The leaderboards of one cache, by name. One that is empty does not exist. */
export class Leaderboards implements ByteHolder {
  readonly #boards = new Map<string, Leaderboard>();
  readonly #budget: ByteBudget;
  #heldBytes = 0;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
    budget.join(this);
  }

  /** Bytes of the names and elements held. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  get pinnedBytes(): number {
    return this.#heldBytes;
  }

  /** What does not exist is as good as empty: the service knows no miss of a leaderboard. */
  find(name: string): Leaderboard {
    return this.#boards.get(name) ?? NO_ELEMENTS;
  }

  /** @throws EngineError `invalid-argument`, or `size-limit-exceeded` when the cache may not hold so many bytes. */
  upsert(name: string, elements: readonly LeaderboardElement[]): void {
    const known = this.#boards.get(name);
    const board = known ?? new Leaderboard();
    const newIds = new Set(elements.map(({ id }) => id).filter((id) => !board.has(id)));
    const addedBytes = newIds.size * ELEMENT_BYTES + (known === undefined ? Buffer.byteLength(name) : 0);
    // No element of a leaderboard is worth less than another: it cannot make room for itself.
    this.#budget.pin(addedBytes);
    board.upsert(elements);
    if (board.size > 0) {
      this.#boards.set(name, board);
      this.#heldBytes += addedBytes;
    }
  }

  /** @throws EngineError `invalid-argument`. */
  remove(name: string, ids: readonly number[]): void {
    const board = this.find(name);
    const sizeBefore = board.size;
    board.remove(ids);
    this.#heldBytes -= (sizeBefore - board.size) * ELEMENT_BYTES;
    if (board.size === 0) {
      this.delete(name);
    }
  }

  delete(name: string): void {
    const board = this.#boards.get(name);
    if (board !== undefined) {
      this.#boards.delete(name);
      this.#heldBytes -= board.size * ELEMENT_BYTES + Buffer.byteLength(name);
    }
  }

  clear(): void {
    this.#boards.clear();
    this.#heldBytes = 0;
  }

  /** Nothing: a leaderboard keeps what it was given until it is told otherwise. */
  release(): void {}
}
