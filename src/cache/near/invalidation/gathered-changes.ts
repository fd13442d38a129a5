import type { InFlight } from '../../../foundation/time/in-flight.js';
import type { DegradationLog } from '../../statistics/degradation-log.js';
import type { KeyHash } from './key-hash.js';
import { maxHashes } from './message.js';

/** So that no second has more than two: the service counts each message and each delivery, ten a second by default. */
const shortestDistanceMs = 550;
const longestPauseMs = 60_000;

export interface GatheredChangesOptions {
  /** Tells the other processes; of no keys: that anything may have changed. */
  readonly send: (hashes: readonly KeyHash[]) => Promise<void>;
  readonly closing: AbortSignal;
  readonly inFlight: InFlight;
  readonly degradations: DegradationLog;
}

/**
 * Changed keys that the other processes are to be told of: the first at once, those of the next half second together. What
 * could not be told is told later, after twice the time at each failure.
 */
export class GatheredChanges {
  readonly #options: GatheredChangesOptions;
  readonly #hashes = new Set<KeyHash>();
  /** More than one message holds: anything may have changed. */
  #isTooMany = false;
  #timer: NodeJS.Timeout | undefined;
  #isSending = false;
  #pauseMs = shortestDistanceMs;
  #nextAtMs = 0;

  constructor(options: GatheredChangesOptions) {
    this.#options = options;
    options.closing.addEventListener('abort', () => void this.#send(), { once: true });
  }

  add(hashes: readonly KeyHash[]): void {
    this.#gather(hashes, false);
    this.#plan();
  }

  #gather(hashes: readonly KeyHash[], isTooMany: boolean): void {
    for (const hash of hashes) this.#hashes.add(hash);
    if (isTooMany || this.#hashes.size > maxHashes) this.#isTooMany = true;
    if (this.#isTooMany) this.#hashes.clear();
  }

  get #isEmpty(): boolean {
    return this.#hashes.size === 0 && !this.#isTooMany;
  }

  #plan(): void {
    if (this.#isEmpty || this.#isSending) return;
    if (this.#options.closing.aborted) void this.#send();
    else {
      const delayMs = Math.max(0, this.#nextAtMs - performance.now());
      this.#timer ??= setTimeout(() => void this.#send(), delayMs).unref();
    }
  }

  /** Never rejects. */
  async #send(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#isEmpty || this.#isSending) return;
    this.#isSending = true;
    const hashes = [...this.#hashes];
    const wasTooMany = this.#isTooMany;
    this.#hashes.clear();
    this.#isTooMany = false;
    const { inFlight, send, degradations, closing } = this.#options;
    try {
      await inFlight.track(() => send(hashes));
      this.#pauseMs = shortestDistanceMs;
    } catch (error) {
      degradations.warn('tell', error);
      this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
      // At the end nothing is told twice; what is gathered meanwhile still is.
      if (!closing.aborted) this.#gather(hashes, wasTooMany);
    } finally {
      this.#isSending = false;
      this.#nextAtMs = performance.now() + this.#pauseMs;
      this.#plan();
    }
  }
}
