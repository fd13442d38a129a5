import type { TopicMessage } from '../topics/definitions/topic.options.js';

type Stream<T> = AsyncIterableIterator<TopicMessage<T>>;
type Result<T> = IteratorResult<T, undefined>;

interface Taker<T> {
  readonly resolve: (result: Result<T>) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The values of several streams as they come, begun with the first that is asked for. At most one value of each is held here: what
 * is not taken waits in the streams, which are bounded.
 */
export class MergedStreams<T> {
  readonly #open: () => Stream<T>[];
  readonly #streams = new Set<Stream<T>>();
  readonly #arrived: { readonly stream: Stream<T>; readonly value: T }[] = [];
  #takers: Taker<T>[] = [];
  #failure: { readonly error: unknown } | undefined;
  #hasBegun = false;

  /** @param open called once; what it throws is the failure of the first `next()` */
  constructor(open: () => Stream<T>[]) {
    this.#open = open;
  }

  next(): Promise<Result<T>> {
    if (!this.#hasBegun) this.#begin();
    return new Promise((resolve, reject) => {
      this.#takers.push({ resolve, reject });
      this.#hand();
    });
  }

  /** Ends at once, also while the streams are being opened. */
  async return(): Promise<Result<T>> {
    this.#hasBegun = true;
    this.#end();
    return { value: undefined, done: true };
  }

  #begin(): void {
    this.#hasBegun = true;
    try {
      for (const stream of this.#open()) this.#streams.add(stream);
    } catch (error) {
      this.#failure = { error };
    }
    for (const stream of this.#streams) void this.#ask(stream);
  }

  async #ask(stream: Stream<T>): Promise<void> {
    try {
      const result = await stream.next();
      if (!this.#streams.has(stream)) return;
      if (result.done === true) this.#streams.delete(stream);
      else this.#arrived.push({ stream, value: result.value.value });
      this.#hand();
    } catch (error) {
      if (!this.#streams.has(stream)) return;
      this.#failure = { error };
      this.#end();
    }
  }

  #end(): void {
    const streams = [...this.#streams];
    this.#streams.clear();
    this.#arrived.length = 0;
    for (const stream of streams) void stream.return?.();
    this.#hand();
  }

  #hand(): void {
    while (this.#takers.length > 0) {
      const arrived = this.#arrived.shift();
      if (arrived === undefined && this.#streams.size > 0) return;
      const taker = this.#takers.shift();
      if (arrived !== undefined) {
        taker?.resolve({ value: arrived.value, done: false });
        void this.#ask(arrived.stream);
      } else if (this.#failure !== undefined) {
        taker?.reject(this.#failure.error);
        this.#failure = undefined;
      } else taker?.resolve({ value: undefined, done: true });
    }
  }
}
