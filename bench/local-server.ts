import type { MomentoLocal } from 'nestjs-momento/local';

/** What the server's process has used since it started. */
export interface Usage {
  /** Microseconds, on all cores. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
  /** Calls that have arrived, by their names. */
  readonly calls: Readonly<Record<string, number>>;
}

/** What can happen to the server: it answers no call any more, is down, is up again, or answers as before. */
export type ServerEvent = 'hang' | 'down' | 'up' | 'clear';

const calls = [
  'get',
  'get-batch',
  'get-with-hash',
  'set',
  'set-batch',
  'set-if',
  'set-if-hash',
  'delete',
] as const;

export async function makeHappen({ faults }: MomentoLocal, event: ServerEvent): Promise<void> {
  if (event === 'hang') for (const rpc of calls) faults.hang(rpc);
  else await faults[event]();
}

export function usageOf(momento: MomentoLocal): Usage {
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  return { cpuMicros: user + system, rssBytes: process.memoryUsage.rss(), calls: momento.stats().calls };
}
