import { startOtherProcess } from '../other-process.js';
import { Arena, type Scenario, type Size } from './arena.js';
import { betweenProcesses } from './between-processes.js';
import { contestants } from './contestants.js';
import { grace } from './grace.js';
import { startFleet } from './member.js';
import { memory } from './memory.js';
import { oneProcess } from './one-process.js';
import { outages } from './outages.js';

/** In the order of the table's rows. */
export const scenarios: readonly Scenario[] = [
  // First: the clients of the others leave work behind, which is CPU of this process as well.
  ...memory,
  ...oneProcess,
  ...betweenProcesses,
  ...grace,
  ...outages,
];

/** Runs every scenario with every contestant, one after the other, on one server. @returns rows: a title, and a cell each */
export async function runScenarios(size: Size): Promise<string[][]> {
  const [server, fleet] = await Promise.all([startOtherProcess(), startFleet(size.processes)]);
  const arena = new Arena(server, fleet.members, size);
  const rows: string[][] = [];
  try {
    for (const scenario of scenarios) {
      const row = [scenario.title(size)];
      for (const contestant of contestants) row.push(await scenario.run(arena, contestant));
      rows.push(row);
    }
  } finally {
    await Promise.all([fleet.stop(), server.stop()]);
  }
  return rows;
}
