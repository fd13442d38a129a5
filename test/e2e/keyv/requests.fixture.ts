import type { MomentoLocal } from 'nestjs-momento/local';

/** Calls that arrived while the work was done, by their kind. */
export async function countRequests(
  momento: MomentoLocal,
  work: () => Promise<unknown>,
): Promise<Partial<Record<string, number>>> {
  const before: Partial<Record<string, number>> = momento.stats().calls;
  await work();
  const after = Object.entries<number>(momento.stats().calls);
  return Object.fromEntries(
    after.map(([rpc, count]) => [rpc, count - (before[rpc] ?? 0)] as const).filter(([, count]) => count > 0),
  );
}
