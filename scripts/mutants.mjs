// Breaks the code on purpose and tells which breakage no test notices: npm run mutants [-- --only src/clients] [--lines 250] [--seed 7]; or with --protocol:
// leaves out the rules between processes, one after the other.
// Stryker mutates a seeded random sample of lines of src (the embedded servers aside); a test file runs for the mutants it covers.
import { Stryker } from '@stryker-mutator/core';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { findUnnoticedRules } from './protocol-mutants.mjs';

const { values } = parseArgs({
  options: {
    protocol: { type: 'boolean', default: false },
    only: { type: 'string', default: 'src' },
    lines: { type: 'string', default: '250' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});
if (values.protocol) process.exit(findUnnoticedRules().length === 0 ? 0 : 1);

/** Lines next to each other are drawn together, so that what spans a few of them is among the mutants. */
const windowLines = 6;
const holdPercent = 85;
const holdFolders = ['clients', 'credentials', 'cache', 'topics', 'module'];

/** Mulberry32: a seed gives the same run of numbers from 0 to below 1. */
function randomFrom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const sources = values.only.endsWith('.ts')
  ? [values.only]
  : readdirSync(values.only, { recursive: true })
      .map((path) => join(values.only, path))
      .filter((path) => path.endsWith('.ts') && !/\.(spec|fixture)\.ts$/.test(path))
      .filter((path) => !path.startsWith(join('src', 'local')));
const windows = sources.flatMap((path) => {
  const count = readFileSync(path, 'utf8').split('\n').length;
  return Array.from({ length: Math.ceil(count / windowLines) }, (_, index) => {
    const first = index * windowLines + 1;
    return `${path}:${first}-${Math.min(first + windowLines - 1, count)}`;
  });
});
const random = randomFrom(Number(values.seed));
const mutate = windows
  .map((window) => [random(), window])
  .toSorted(([a], [b]) => a - b)
  .slice(0, Math.ceil(Number(values.lines) / windowLines))
  .map(([, window]) => window);
console.log(`seed ${values.seed}: ${mutate.length} of ${windows.length} windows of ${windowLines} lines`);

const results = await new Stryker({
  mutate,
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.mutants.config.ts', related: true },
  coverageAnalysis: 'perTest',
  ignoreStatic: true,
  concurrency: 2,
  // A test that hangs ends by its own limit of 15 s; this is for a loop that never yields.
  timeoutMS: 20_000,
  timeoutFactor: 1.1,
  reporters: ['progress-append-only', 'clear-text'],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: false },
  tempDirName: '.mutants',
}).runMutationTest();

const isKilled = ({ status }) => status === 'Killed' || status === 'Timeout';
const counted = results.filter(({ status }) => !['Ignored', 'CompileError', 'RuntimeError'].includes(status));
const folders = new Map();
for (const result of counted) {
  const [folder = ''] = relative('src', dirname(result.fileName)).split('/');
  const tally = folders.get(folder) ?? { killed: 0, all: 0 };
  folders.set(folder, { killed: tally.killed + Number(isKilled(result)), all: tally.all + 1 });
}
for (const [folder, { killed, all }] of [...folders].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
  const percent = (100 * killed) / all;
  const isHeld = !holdFolders.includes(folder) || percent >= holdPercent;
  console.log(
    `${(folder || 'src').padEnd(14)} ${killed} of ${all} killed, ${percent.toFixed(0)} %${isHeld ? '' : '  TOO FEW'}`,
  );
  if (!isHeld) process.exitCode = 1;
}
for (const { fileName, location, mutatorName, replacement, status } of counted.filter(
  (one) => !isKilled(one),
)) {
  console.log(`${status}: ${relative('.', fileName)}:${location.start.line} ${mutatorName}: ${replacement}`);
}
