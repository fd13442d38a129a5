import type { CacheService } from '../cache/cache.service.js';

export interface GenerationOptions {
  /** Where the number is kept. */
  readonly cache: CacheService;
  readonly key: string;
  /** For how long it must be remembered: as long as anything that was written in it can live. */
  readonly lifeSeconds: number;
  /** How old what is known of it may be when it is used, in milliseconds. */
  readonly boundMs: number;
  /** Milliseconds of a clock that is never set. @default performance.now */
  readonly nowMs?: (() => number) | undefined;
}

/** A number that begins somewhere else each time: a generation that is forgotten must not come again. */
const randomStart = () => 1 + Math.floor(Math.random() * 2 ** 40);

interface Known {
  readonly number: number;
  /** When it was asked for: it may have changed since. */
  readonly askedAtMs: number;
  /** As a count of answers: what was asked for after it is newer. */
  readonly answeredAs: number;
}

/**
 * The number in the keys of a namespace, by which all of them are cleared at once: with the next number, nothing is under any key.
 * It is kept in the cache, and in the process for a bounded time; in the second half of that it is asked for anew behind, so that
 * an operation waits for it only after a pause.
 */
export class Generation {
  readonly #options: GenerationOptions;
  readonly #nowMs: () => number;
  #known: Known | undefined;
  #asking: Promise<number> | undefined;
  #answers = 0;
  #renewedAtMs = -Infinity;

  constructor(options: GenerationOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** A number where it is known, so that what one tick asks for stays together. @throws MomentoCacheError */
  current(): number | Promise<number> {
    const known = this.#known;
    const ageMs = known === undefined ? Infinity : this.#nowMs() - known.askedAtMs;
    const { boundMs } = this.#options;
    if (known === undefined || ageMs > boundMs) return this.#ask();
    // What fails is asked for again by the next one, who waits when the time is over.
    if (ageMs > boundMs / 2) this.#ask().catch(() => undefined);
    return known.number;
  }

  /** Begins the next generation. @throws MomentoCacheError */
  async next(): Promise<void> {
    const { cache, key, lifeSeconds } = this.#options;
    const ask = () => cache.increment(key, 1, { ttlSeconds: lifeSeconds });
    const { number } = await this.#learn(ask);
    // It was gone: what it was is not known, so that it could come again.
    if (number === 1) await this.#learn(() => this.#begin());
  }

  #ask(): Promise<number> {
    this.#asking ??= this.#learn(() => this.#read())
      .then(({ number }) => number)
      .finally(() => (this.#asking = undefined));
    return this.#asking;
  }

  async #read(): Promise<number> {
    const { cache, key, lifeSeconds } = this.#options;
    const nowMs = this.#nowMs();
    // A read does not make it live longer, and an increment tells near caches of other processes: so only now and then.
    const isRenewed = nowMs - this.#renewedAtMs > (lifeSeconds * 1000) / 4;
    const number = isRenewed
      ? await cache.increment(key, 0, { ttlSeconds: lifeSeconds })
      : await cache.get<number>(key);
    if (isRenewed) this.#renewedAtMs = nowMs;
    return number === undefined || number === 0 ? this.#begin() : number;
  }

  /** Two processes at once add up, and the last number holds. */
  #begin(): Promise<number> {
    const { cache, key, lifeSeconds } = this.#options;
    return cache.increment(key, randomStart(), { ttlSeconds: lifeSeconds });
  }

  /** Answers may overtake each other: of two that were under way at once, the higher number is the newer one. */
  async #learn(ask: () => Promise<number>): Promise<Known> {
    const [askedAtMs, askedAs] = [this.#nowMs(), this.#answers];
    const number = await ask();
    const known = this.#known;
    const isNewer = known === undefined || known.answeredAs <= askedAs || number >= known.number;
    const learned = { number, askedAtMs, answeredAs: ++this.#answers };
    if (isNewer) this.#known = learned;
    return isNewer ? learned : known;
  }
}
