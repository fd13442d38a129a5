export interface PauseOptions {
  /** Ends the pause early. */
  readonly signal?: AbortSignal;
  /** Whether the process stays alive for it. @default false */
  readonly holdsProcess?: boolean;
}

/** Waits. Never rejects, and leaves neither timer nor listener behind. */
export function pause(
  durationMs: number,
  { signal, holdsProcess = false }: PauseOptions = {},
): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, durationMs);
    if (!holdsProcess) timer.unref();
    if (signal?.aborted === true) end();
    else signal?.addEventListener('abort', end, { once: true });
  });
}

/** The work's outcome, or undefined when the time is over; the work goes on then, and its rejection is taken in. */
export function withinTime<T>(work: Promise<T>, limitMs: number): Promise<T | undefined> {
  const waiting = new AbortController();
  const over = pause(limitMs, { signal: waiting.signal, holdsProcess: true }).then(() => undefined);
  return Promise.race([work, over]).finally(() => waiting.abort());
}
