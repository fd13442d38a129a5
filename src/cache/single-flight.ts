/** The work under way for one item, shared by everyone who asked for it meanwhile. */
export class Flight<T> {
  /** Set when the item was changed meanwhile: what this flight loaded must not be stored any more. */
  isOutdated: boolean;
  /** The write of the loaded value, so that a change does not overtake it. Never rejects. */
  storing: Promise<void> | undefined;
  readonly outcome: Promise<T>;

  constructor(isOutdated: boolean, work: (flight: Flight<T>) => Promise<T>) {
    this.isOutdated = isOutdated;
    this.outcome = work(this);
  }
}

/** An item of a cache, as one text that no other item has. */
export function itemId(cacheName: string, fullKey: string): string {
  return `${cacheName.length}:${cacheName}${fullKey}`;
}

/**
 * One piece of work an item and form at a time: who asks while it is under way gets the same outcome, a failure included. Who
 * reads the item in another form, with another codec, has a flight of its own; a change of the item is one for all forms.
 */
export class SingleFlight {
  readonly #flights = new Map<string, Map<object, Flight<unknown>>>();
  /** How many changes of an item are under way. */
  readonly #changes = new Map<string, number>();

  /** @param form what the outcome is read with: those with an equal one share it */
  run<T>(item: string, form: object, work: (flight: Flight<T>) => Promise<T>): Promise<T> {
    const underWay = this.#flights.get(item)?.get(form);
    if (underWay !== undefined) return underWay.outcome as Promise<T>;
    const flight = new Flight<T>(this.#changes.has(item), async (self) => {
      // Registered before the work begins, so that work which ends at once is still found and removed.
      await Promise.resolve();
      try {
        return await work(self);
      } finally {
        this.#remove(item, form, self);
      }
    });
    const forms = this.#flights.get(item) ?? new Map<object, Flight<unknown>>();
    this.#flights.set(item, forms.set(form, flight));
    return flight.outcome;
  }

  /**
   * Changes items. What is loaded for them before or during the change is outdated: its callers get it, later ones start
   * anew, and it is not stored; the change waits for what is being stored already.
   */
  async change<R>(items: readonly string[], change: () => Promise<R>): Promise<R> {
    const stored = items.map((item) => this.#supersede(item));
    for (const item of items) this.#changes.set(item, (this.#changes.get(item) ?? 0) + 1);
    try {
      await Promise.all(stored);
      return await change();
    } finally {
      for (const item of items) this.#endChange(item);
    }
  }

  #remove(item: string, form: object, flight: object): void {
    const forms = this.#flights.get(item);
    if (forms?.get(form) !== flight) return;
    forms.delete(form);
    if (forms.size === 0) this.#flights.delete(item);
  }

  /** Resolves when nothing of the work under way can be stored any more. */
  async #supersede(item: string): Promise<void> {
    const flights = [...(this.#flights.get(item)?.values() ?? [])];
    this.#flights.delete(item);
    for (const flight of flights) flight.isOutdated = true;
    for (const { storing } of flights) await storing;
  }

  #endChange(item: string): void {
    void this.#supersede(item);
    const others = (this.#changes.get(item) ?? 1) - 1;
    if (others > 0) this.#changes.set(item, others);
    else this.#changes.delete(item);
  }
}
