import type { InFlight } from '../../foundation/time/in-flight.js';
import type { DegradationLog } from '../statistics/degradation-log.js';

const firstPauseMs = 2_000;
const longestPauseMs = 300_000;
/** Evictions that one connection remembers. */
const maxPending = 10_000;
/** Deletes under way at once when many are due. */
const chunkSize = 50;

interface Pending {
  readonly evict: () => Promise<void>;
  readonly pauseMs: number;
  readonly dueAtMs: number;
  /** When the item is gone by its TTL. */
  readonly uselessAtMs: number;
}

export interface EvictionQueueOptions {
  /** Aborted when the connection begins to close: what is pending is tried once more, and waited for. */
  readonly closing: AbortSignal;
  readonly inFlight: InFlight;
  readonly degradations: DegradationLog;
}

/**
 * Evictions that have failed, and are tried again until they hold, after 2 s and then twice as long each time. The last one for
 * an item wins. What is pending when the process dies is lost.
 */
export class EvictionQueue {
  readonly #options: EvictionQueueOptions;
  readonly #pending = new Map<string, Pending>();
  #timer: NodeJS.Timeout | undefined;
  /** When it fires; Infinity when there is none. */
  #wakesAtMs = Infinity;

  constructor(options: EvictionQueueOptions) {
    this.#options = options;
    options.closing.addEventListener('abort', () => void this.#flush(), { once: true });
  }

  /** How many items still hold what was to be evicted. */
  get size(): number {
    return this.#pending.size;
  }

  /**
   * @param item what to evict, as `itemId` names it
   * @param lifeSeconds after how long the item must be gone by itself
   */
  add(item: string, lifeSeconds: number, evict: () => Promise<void>): void {
    const nowMs = performance.now();
    const uselessAtMs = nowMs + lifeSeconds * 1000;
    this.#remember(item, { evict, pauseMs: firstPauseMs, dueAtMs: nowMs + firstPauseMs, uselessAtMs });
    if (this.#options.closing.aborted) void this.#flush();
    else this.#wakeAt(nowMs + firstPauseMs);
  }

  /** Of those, the ones whose name begins so. */
  countOf(prefix: string): number {
    let count = 0;
    for (const item of this.#pending.keys()) if (item.startsWith(prefix)) count += 1;
    return count;
  }

  /** Whether what is cached there is not to be handed out any more. */
  has(item: string): boolean {
    return this.#pending.has(item);
  }

  /** Something newer was written there. */
  cancel(item: string): void {
    this.#pending.delete(item);
  }

  #remember(item: string, pending: Pending): void {
    this.#pending.delete(item);
    if (this.#pending.size >= maxPending) {
      const [oldest] = this.#pending.keys();
      if (oldest !== undefined) this.#pending.delete(oldest);
      this.#options.degradations.warn(
        'lost',
        new Error(`more than ${maxPending} evictions are pending, and the oldest is given up`),
      );
    }
    this.#pending.set(item, pending);
  }

  /** It does not hold the process: a process that ends has nobody to read stale values. */
  #wakeAt(atMs: number): void {
    if (atMs >= this.#wakesAtMs) return;
    clearTimeout(this.#timer);
    this.#wakesAtMs = atMs;
    this.#timer = setTimeout(() => void this.#tryDue(), Math.max(atMs - performance.now(), 1)).unref();
  }

  /** Never rejects. */
  async #tryDue(): Promise<void> {
    this.#wakesAtMs = Infinity;
    const nowMs = performance.now();
    const due: string[] = [];
    for (const [item, { dueAtMs, uselessAtMs }] of this.#pending) {
      if (uselessAtMs <= nowMs) this.#pending.delete(item);
      else if (dueAtMs <= nowMs) due.push(item);
    }
    await this.#options.inFlight.track(() => this.#tryInChunks(due));
    if (this.#options.closing.aborted) return;
    let firstAtMs = Infinity;
    for (const { dueAtMs } of this.#pending.values()) firstAtMs = Math.min(firstAtMs, dueAtMs);
    this.#wakeAt(firstAtMs);
  }

  /** When nothing of a chunk can be evicted, Momento is away: the others wait as if they had been tried. */
  async #tryInChunks(items: readonly string[]): Promise<void> {
    let isAway = false;
    for (let from = 0; from < items.length; from += chunkSize) {
      const chunk = items.slice(from, from + chunkSize);
      const held: readonly boolean[] = isAway
        ? chunk.map(() => false)
        : await Promise.all(chunk.map((item) => this.#try(item)));
      isAway = !held.includes(true);
      for (const [index, item] of chunk.entries()) if (held[index] !== true) this.#postpone(item);
    }
  }

  /** @returns whether there is nothing left to do for the item */
  async #try(item: string): Promise<boolean> {
    const pending = this.#pending.get(item);
    if (pending === undefined) return true;
    try {
      await pending.evict();
      // One that was asked for meanwhile may be of a later change: it stays.
      if (this.#pending.get(item) === pending) this.#pending.delete(item);
      return true;
    } catch (error) {
      this.#options.degradations.warn('evict', error);
      return false;
    }
  }

  #postpone(item: string): void {
    const pending = this.#pending.get(item);
    if (pending === undefined) return;
    const pauseMs = Math.min(pending.pauseMs * 2, longestPauseMs);
    this.#pending.set(item, { ...pending, pauseMs, dueAtMs: performance.now() + pauseMs });
  }

  /** The last try. Never rejects. */
  async #flush(): Promise<void> {
    clearTimeout(this.#timer);
    if (this.#pending.size === 0) return;
    await this.#options.inFlight.track(() => this.#tryInChunks([...this.#pending.keys()]));
    if (this.#pending.size > 0)
      this.#options.degradations.warn(
        'lost',
        new Error(`${this.#pending.size} evictions have not held before the end of the app`),
      );
    this.#pending.clear();
  }
}
