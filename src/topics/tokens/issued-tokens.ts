import { LRUCache } from 'lru-cache';

/** By a monotonic clock and as time of day, in milliseconds. */
export interface Moment {
  readonly nowMs: number;
  readonly timeOfDayMs: number;
}

/** What was issued. */
export interface IssuedToken {
  readonly token: string;
  readonly endpoint: string;
  /** As time of day. */
  readonly expiresAtMs: number;
  /** When Momento was asked for it: its life begins then, or later. */
  readonly askedAt: Moment;
  readonly lifeMs: number;
}

export interface IssuedTokensOptions {
  readonly moment: () => Moment;
  /** Counts the keys that tokens are made with: one of a key that was replaced may end with it. */
  readonly keyGeneration: () => number;
}

const maxTokens = 1_000;
const maxBytes = 8 * 1024 * 1024;
/** Of a token, beside its texts. */
const overheadBytes = 400;

/** Tokens by their scope, for half their life. All who ask for one that is being made get that one. */
export class IssuedTokens {
  readonly #options: IssuedTokensOptions;
  readonly #kept = new LRUCache<string, IssuedToken>({ max: maxTokens, maxSize: maxBytes });
  readonly #underWay = new Map<string, Promise<IssuedToken>>();
  #keyGeneration: number;

  constructor(options: IssuedTokensOptions) {
    this.#options = options;
    this.#keyGeneration = options.keyGeneration();
  }

  /**
   * @param key of the scope
   * @param make is called when there is none; what it rejects with is for those who wait, and not kept
   */
  async get(key: string, make: () => Promise<IssuedToken>): Promise<IssuedToken> {
    this.#followKey();
    const kept = this.#kept.get(key);
    if (kept !== undefined && isYoung(kept, this.#options.moment())) return kept;
    return this.#underWay.get(key) ?? this.#make(key, make);
  }

  #make(key: string, make: () => Promise<IssuedToken>): Promise<IssuedToken> {
    const making = this.#makeAndKeep(key, make).finally(() => {
      if (this.#underWay.get(key) === making) this.#underWay.delete(key);
    });
    this.#underWay.set(key, making);
    return making;
  }

  async #makeAndKeep(key: string, make: () => Promise<IssuedToken>): Promise<IssuedToken> {
    const keyGeneration = this.#keyGeneration;
    const issued = await make();
    this.#followKey();
    // The first key of all may be fetched by the call itself: that is no other key.
    if (keyGeneration === this.#keyGeneration || keyGeneration === 0) {
      const texts = [key, issued.token, issued.endpoint];
      this.#kept.set(key, issued, { size: 2 * texts.join('').length + overheadBytes });
    }
    return issued;
  }

  #followKey(): void {
    const former = this.#keyGeneration;
    this.#keyGeneration = this.#options.keyGeneration();
    if (former === this.#keyGeneration || former === 0) return;
    this.#kept.clear();
    this.#underWay.clear();
  }
}

/**
 * For half its life, by the monotonic clock. A process that was frozen may find that clock stopped: a token whose whole life is
 * over by the time of day is not handed out either.
 */
function isYoung({ askedAt, lifeMs }: IssuedToken, { nowMs, timeOfDayMs }: Moment): boolean {
  return nowMs - askedAt.nowMs < lifeMs / 2 && timeOfDayMs - askedAt.timeOfDayMs < lifeMs;
}
