import type { OtherProcess } from '../other-process.js';

/** Microseconds of this process's CPU a call, all that are at once begun in one tick. */
export async function cpuOf(
  calls: number,
  atOnce: number,
  call: (index: number) => Promise<unknown>,
): Promise<number> {
  const before = process.cpuUsage();
  for (let done = 0; done < calls; done += atOnce)
    await Promise.all(Array.from({ length: atOnce }, (_, index) => call(done + index)));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

/** Calls of any kind that have arrived while the work was done. */
export async function requestsOf(server: OtherProcess, work: () => Promise<unknown>): Promise<number> {
  const before = await allCalls(server);
  await work();
  return (await allCalls(server)) - before;
}

async function allCalls(server: OtherProcess): Promise<number> {
  return Object.values((await server.usage()).calls).reduce((sum, count) => sum + count, 0);
}
