/** How long a near cache may hand out what another process has changed. */
export const staleAtMostMs = 1_000;

export interface MemberOptions {
  readonly port: number;
  /** Of the file of the database. */
  readonly path: string;
  readonly index: number;
  readonly members: number;
  readonly keys: number;
  readonly hotKeys: number;
  /** Of the calls, those for any key. */
  readonly coldShare: number;
  readonly groups: number;
  readonly calls: number;
  /** No more than so many: a machine that is busy throughout shows its own delays. */
  readonly callsASecond: number;
  /** Who wait for an answer at the same time. */
  readonly callers: number;
  /** One call of so many is a change in place of a read. */
  readonly callsAChange: number;
  readonly seed: number;
  /** When no more calls are made, however many were wanted. */
  readonly endAtMs: number;
}

export interface MemberReport {
  readonly calls: number;
  readonly changes: number;
  /** Calls whose loader failed. */
  readonly rejected: number;
  /** Other errors of calls and changes. */
  readonly failed: number;
  readonly firstError: string | undefined;
  readonly nearHits: number;
  readonly loads: number;
  /** Stale although this process made the change. */
  readonly ownStale: number;
  /** Stale for longer than near caches may be. */
  readonly staleBeyond: number;
  readonly longestStaleMs: number;
  /** By how much its event loop was late at most: for the machine, or for this process, was busy with something else. */
  readonly longestLagMs: number;
  /** Counts of `stats()` that are not what was counted beside it. */
  readonly wrongCounts: readonly string[];
  /** Read and written at Momento, by `stats()`. */
  readonly items: number;
  /** Loaded, and neither stored nor held back: for want of a lease. */
  readonly notStored: number;
  /** At the beginning, after each quarter of the calls; after a collection of garbage where it is exposed. */
  readonly heapMegabytes: readonly number[];
}
