import { interleave } from '../report.js';

const slicesARound = 10;

/**
 * What each costs, a round: the least of several slices that take turns. What the machine does beside them only adds to a cost, up to
 * as much again, and these are not divided by a peer's, to which it adds as well.
 */
export async function leastCosts<const Names extends string>(
  rounds: number,
  measures: Readonly<Record<Names, () => Promise<number>>>,
): Promise<Record<Names, number>[]> {
  await interleave(slicesARound, measures);
  const results: Record<Names, number>[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const slices = await interleave(slicesARound, measures);
    const least = Object.keys(measures).map((name) => [
      name,
      Math.min(...slices.map((one) => one[name as Names])),
    ]);
    results.push(Object.fromEntries(least) as Record<Names, number>);
  }
  return results;
}

/** Microseconds of this process's CPU for each of so many. */
export async function cpuMicrosOf(count: number, work: () => unknown): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / count;
}
