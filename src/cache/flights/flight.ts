/** Work under way for one item, shared by everyone who asked for it meanwhile. */
export class Flight<T> {
  /** Set when the item was changed meanwhile: what this flight loaded must not be stored any more. */
  isOutdated: boolean;
  /** The write of the loaded value, so that a change does not overtake it. Never rejects. */
  storing: Promise<void> | undefined;
  /** Whether somebody else waits for the outcome than who began it. */
  isJoined = false;
  /** As `TagChanges` has it: the last invalidation before it began, and the tags that it may hang on. */
  tagEpoch = 0;
  markerKeys: readonly string[] | undefined;
  /** What it waits for at this moment, so that work which waits for itself is found. */
  readonly waitsFor = new Set<Flight<unknown>>();
  readonly outcome: Promise<T>;

  constructor(isOutdated: boolean, work: (flight: Flight<T>) => Promise<T>) {
    this.isOutdated = isOutdated;
    this.outcome = work(this);
  }

  /** The other flight's outcome; known to be waited for meanwhile. */
  async waitFor<R>(other: Flight<R>): Promise<R> {
    this.waitsFor.add(other);
    try {
      return await other.outcome;
    } finally {
      this.waitsFor.delete(other);
    }
  }

  /** Whether it waits for that flight, directly or through others. */
  reaches(target: Flight<unknown>, seen = new Set<Flight<unknown>>()): boolean {
    if (this === target) return true;
    seen.add(this);
    return [...this.waitsFor].some((next) => !seen.has(next) && next.reaches(target, seen));
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
export class SingleFlight<T> {
  readonly #flights = new Map<string, Map<object, Flight<T>>>();

  /** @param form what the outcome is read with: those with an equal one share it */
  find(item: string, form: object): Flight<T> | undefined {
    return this.#flights.get(item)?.get(form);
  }

  /** Begins work that others can join. None may be under way for the item and form. */
  start(item: string, form: object, isOutdated: boolean, work: (flight: Flight<T>) => Promise<T>): Flight<T> {
    const flight = new Flight<T>(isOutdated, async (self) => {
      // Registered before the work begins, so that work which ends at once is still found and removed.
      await Promise.resolve();
      try {
        return await work(self);
      } finally {
        this.#remove(item, form, self);
      }
    });
    const forms = this.#flights.get(item) ?? new Map<object, Flight<T>>();
    this.#flights.set(item, forms.set(form, flight));
    return flight;
  }

  /** Marks what is under way as outdated; later callers start anew. @returns the writes under way, which never reject */
  supersede(item: string): Promise<void>[] {
    const flights = [...(this.#flights.get(item)?.values() ?? [])];
    this.#flights.delete(item);
    for (const flight of flights) flight.isOutdated = true;
    return flights.flatMap(({ storing }) => (storing === undefined ? [] : [storing]));
  }

  #remove(item: string, form: object, flight: object): void {
    const forms = this.#flights.get(item);
    if (forms?.get(form) !== flight) return;
    forms.delete(form);
    if (forms.size === 0) this.#flights.delete(item);
  }
}
