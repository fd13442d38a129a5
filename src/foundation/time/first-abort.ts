import { setMaxListeners } from 'node:events';

export interface WaitOptions {
  /** Ends the wait at the latest then, in milliseconds. */
  readonly limitMs?: number;
  /** Whether the process stays alive until the time is over. @default false */
  readonly holdsProcess?: boolean;
}

/** Resolves when one of the signals is aborted or the time is over, and leaves neither timer nor listener behind. */
export function firstAbort(signals: readonly AbortSignal[], options: WaitOptions = {}): Promise<void> {
  const { limitMs, holdsProcess = false } = options;
  if (signals.some(({ aborted }) => aborted)) return Promise.resolve();
  return new Promise((resolve) => {
    const settle = () => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', settle);
      resolve();
    };
    const timer = limitMs === undefined ? undefined : setTimeout(settle, limitMs);
    if (!holdsProcess) timer?.unref();
    for (const signal of signals) {
      // One signal may have a listener of each subscription, and is no leak: each takes its own back.
      setMaxListeners(0, signal);
      signal.addEventListener('abort', settle);
    }
  });
}
