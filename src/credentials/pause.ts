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
