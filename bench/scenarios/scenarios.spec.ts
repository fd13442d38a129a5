import { MomentoLocal } from 'nestjs-momento/local';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeHappen, usageOf } from '../local-server.js';
import { Arena } from './arena.js';
import type { Contestant } from './caches/cache.js';
import { asItIs, inAFleet } from './caches/this-library.js';
import { contestants } from './contestants.js';
import { makeAnswering, Member } from './member.js';
import { scenarios } from './run-scenarios.js';

const size = { callers: 20, keysATick: 20, trials: 5, processes: 2, limitMs: 50, nextCalls: 3 };
const quick = scenarios.filter(({ isSlow }) => isSlow !== true);
const titled = (title: RegExp) => quick.filter((scenario) => title.test(scenario.title(size)));
const inAFleetOnly = titled(/miss one key|processes miss|by another process|hangs, limit/);
/** Enough to see that an adapter works. */
const ofOthers = titled(/miss one key|by another process/);

function scenariosOf(contestant: Contestant) {
  if (contestant === asItIs) return quick;
  return contestant === inAFleet ? inAFleetOnly : ofOthers;
}

/** A contestant's column, by title; server and members are in this process. */
async function columnOf(contestant: Contestant): Promise<Map<string, string>> {
  const momento = await MomentoLocal.start({ port: 0, caches: ['bench'] });
  const server = {
    port: momento.port,
    usage: async () => usageOf(momento),
    make: (event: Parameters<typeof makeHappen>[1]) => makeHappen(momento, event),
    stop: () => momento.stop(),
  };
  const members = Array.from({ length: size.processes }, () => new Member(makeAnswering()));
  const arena = new Arena(server, members, size);
  const cells = new Map<string, string>();
  try {
    for (const scenario of scenariosOf(contestant))
      cells.set(scenario.title(size), await scenario.run(arena, contestant));
  } finally {
    await server.stop();
  }
  return cells;
}

/** The short form of `npm run bench:scenarios`, without what waits for real time. */
describe('the scenarios', () => {
  let columns: Map<string, string>[] = [];
  beforeAll(async () => {
    columns = await Promise.all(contestants.map(columnOf));
  }, 60_000);

  const cellsOf = (column: number, title: RegExp) =>
    [...(columns[column] ?? [])].flatMap(([text, cell]) => (title.test(text) ? [cell] : []));

  it('have a cell for every contestant', () => {
    expect([quick.length, inAFleetOnly.length, ofOthers.length]).toEqual([13, 5, 2]);
    const cells = columns.flatMap((column) => [...column.values()]);
    expect(cells).toHaveLength(13 + 5 + 4 * 2);
    expect(cells.filter((cell) => cell === '' || cell.includes('NaN'))).toEqual([]);
  });

  it('find each other library at its best: one load for all callers', () => {
    const loads = columns.slice(2).map((_, index) => cellsOf(index + 2, /miss one key/)[0]?.split(' ')[0]);
    expect(loads).toEqual(['1', '1', '1', '1']);
  });

  it.each([
    [/miss one key/, '1 / 1 / 1'],
    [/the loader fails/, '1 / 1, '],
    [/in the same process/, '0'],
    [/cached keys in one tick/, '1'],
    [/one miss/, '2'],
    [/hangs, limit|is down/, ''],
  ])('of %s: this library', (title, cell) => {
    expect(cellsOf(0, title).every((one) => one.startsWith(cell) && !one.includes('fail'))).toBe(true);
    expect(cellsOf(0, title)).not.toEqual([]);
  });

  it.each([
    [/miss one key/, '1 / 1 / 2'],
    [/by another process/, '0'],
    // How many loads it takes depends on the machine: a busy one makes who waits give up.
    [/2 processes miss/, ''],
    [/hangs, limit/, ''],
  ])('of %s: this library in a fleet', (title, cell) => {
    expect(cellsOf(1, title).every((one) => one.startsWith(cell) && !one.includes('fail'))).toBe(true);
    expect(cellsOf(1, title)).not.toEqual([]);
  });
});
