/** At most one line a kind in this time: what is away fails thousands of times a second. */
const quietMs = 10_000;
/** Kinds beyond these share one line, so that a kind made of what comes over the network cannot fill the memory. */
const maxKinds = 100;
const otherKinds = 'nestjs-momento: other kinds';

interface Said {
  atMs: number;
  unsaid: number;
}

/** Lets a line of each kind through every 10 s, and counts what it does not let through. */
export class LogThrottle {
  readonly #kinds = new Map<string, Said>();
  readonly #nowMs: () => number;

  /** @param nowMs a clock that is never set back, in milliseconds */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Writes the line, with how many of its kind were left out since the last one, unless it is too early for another. */
  say(kind: string, line: string, write: (line: string) => void): void {
    const nowMs = this.#nowMs();
    const said = this.#kinds.get(this.#room(kind, nowMs));
    if (said !== undefined && nowMs - said.atMs < quietMs) {
      said.unsaid += 1;
      return;
    }
    this.#kinds.set(this.#room(kind, nowMs), { atMs: nowMs, unsaid: 0 });
    write(
      said === undefined || said.unsaid === 0 ? line : `${line} (${said.unsaid} more since the last one)`,
    );
  }

  /** The kind, or the one that all share when there are too many. */
  #room(kind: string, nowMs: number): string {
    if (this.#kinds.has(kind) || this.#kinds.size < maxKinds) return kind;
    for (const [known, { atMs }] of this.#kinds) if (nowMs - atMs >= quietMs) this.#kinds.delete(known);
    return this.#kinds.size < maxKinds ? kind : otherKinds;
  }
}
