/** The work under way for one key, shared by everyone who asked for it meanwhile. */
export class Flight<T> {
  /** Set when the key was written or deleted meanwhile: what this flight loaded must not be stored any more. */
  isOutdated = false;
  /** The write of the loaded value, so that a later delete does not overtake it. Never rejects. */
  storing: Promise<void> | undefined;
  readonly outcome: Promise<T>;

  constructor(work: (flight: Flight<T>) => Promise<T>) {
    this.outcome = work(this);
  }
}

/** One piece of work a key at a time: who asks while it is under way gets the same outcome, a failure included. */
export class SingleFlight {
  readonly #flights = new Map<string, Flight<unknown>>();

  run<T>(key: string, work: (flight: Flight<T>) => Promise<T>): Promise<T> {
    const underWay = this.#flights.get(key);
    if (underWay !== undefined) return underWay.outcome as Promise<T>;
    const flight = new Flight<T>(async (self) => {
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
   * Detaches the work under way, because the key is about to be changed: its callers get its outcome, later ones start
   * anew. Resolves when nothing of it can be stored any more.
   */
  async supersede(key: string): Promise<void> {
    const flight = this.#flights.get(key);
    if (flight === undefined) return;
    flight.isOutdated = true;
    this.#flights.delete(key);
    await flight.storing;
  }
}
