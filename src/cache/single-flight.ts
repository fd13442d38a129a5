/** The work under way for one key, shared by everyone who asked for it meanwhile. */
export class Flight<T> {
  /** Set when the key was changed meanwhile: what this flight loaded must not be stored any more. */
  isOutdated: boolean;
  /** The write of the loaded value, so that a change does not overtake it. Never rejects. */
  storing: Promise<void> | undefined;
  readonly outcome: Promise<T>;

  constructor(isOutdated: boolean, work: (flight: Flight<T>) => Promise<T>) {
    this.isOutdated = isOutdated;
    this.outcome = work(this);
  }
}

/** One piece of work a key at a time: who asks while it is under way gets the same outcome, a failure included. */
export class SingleFlight {
  readonly #flights = new Map<string, Flight<unknown>>();
  /** How many changes of a key are under way. */
  readonly #changes = new Map<string, number>();

  run<T>(key: string, work: (flight: Flight<T>) => Promise<T>): Promise<T> {
    const underWay = this.#flights.get(key);
    if (underWay !== undefined) return underWay.outcome as Promise<T>;
    const flight = new Flight<T>(this.#changes.has(key), async (self) => {
      // Registered before the work begins, so that work which ends at once is still found and removed.
      await Promise.resolve();
      try {
        return await work(self);
      } finally {
        if (this.#flights.get(key) === self) this.#flights.delete(key);
      }
    });
    this.#flights.set(key, flight);
    return flight.outcome;
  }

  /**
   * Changes keys. What is loaded for them before or during the change is outdated: its callers get it, later ones start anew,
   * and it is not stored; the change waits for what is being stored already.
   */
  async change<R>(keys: readonly string[], change: () => Promise<R>): Promise<R> {
    const stored = keys.map((key) => this.#supersede(key));
    for (const key of keys) this.#changes.set(key, (this.#changes.get(key) ?? 0) + 1);
    try {
      await Promise.all(stored);
      return await change();
    } finally {
      for (const key of keys) this.#endChange(key);
    }
  }

  /** Resolves when nothing of the work under way can be stored any more. */
  async #supersede(key: string): Promise<void> {
    const flight = this.#flights.get(key);
    if (flight === undefined) return;
    flight.isOutdated = true;
    this.#flights.delete(key);
    await flight.storing;
  }

  #endChange(key: string): void {
    void this.#supersede(key);
    const others = (this.#changes.get(key) ?? 1) - 1;
    if (others > 0) this.#changes.set(key, others);
    else this.#changes.delete(key);
  }
}
