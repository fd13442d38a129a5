import { type Flight, SingleFlight } from './flight.js';

/**
 * What is under way for the items of a connection's caches: reads, which may end in a load, and loads, which a read waits for
 * or which refresh a value behind. A change of an item outdates both.
 */
export class ItemFlights<Answer> {
  readonly #reads = new SingleFlight<Answer>();
  readonly #loads = new SingleFlight<Answer>();
  /** How many changes of an item are under way. */
  readonly #changes = new Map<string, number>();

  findRead(item: string, form: object): Flight<Answer> | undefined {
    return this.#reads.find(item, form);
  }

  findLoad(item: string, form: object): Flight<Answer> | undefined {
    return this.#loads.find(item, form);
  }

  read(item: string, form: object, work: (flight: Flight<Answer>) => Promise<Answer>): Flight<Answer> {
    return this.#reads.start(item, form, this.#changes.has(item), work);
  }

  load(item: string, form: object, work: (flight: Flight<Answer>) => Promise<Answer>): Flight<Answer> {
    return this.#loads.start(item, form, this.#changes.has(item), work);
  }

  /**
   * Changes items. What is loaded for them before or during the change is outdated: its callers get it, later ones start
   * anew, and it is not stored; the change waits for what is being stored already.
   */
  async change<R>(items: readonly string[], change: () => Promise<R>): Promise<R> {
    const stored = items.flatMap((item) => this.#supersede(item));
    for (const item of items) this.#changes.set(item, (this.#changes.get(item) ?? 0) + 1);
    try {
      // At once where it can be: what is read after it was asked for must come after it.
      if (stored.length > 0) await Promise.all(stored);
      return await change();
    } finally {
      for (const item of items) this.#endChange(item);
    }
  }

  #supersede(item: string): Promise<void>[] {
    return [...this.#reads.supersede(item), ...this.#loads.supersede(item)];
  }

  #endChange(item: string): void {
    // Nothing is to wait for: what is being stored was outdated before it began, or is by now.
    void this.#supersede(item);
    const others = (this.#changes.get(item) ?? 1) - 1;
    if (others > 0) this.#changes.set(item, others);
    else this.#changes.delete(item);
  }
}
