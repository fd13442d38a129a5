import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { contestants } from './contestants.js';
import { runScenarios } from './run-scenarios.js';

const peers = ['bentocache', 'cacheable', 'cache-manager', '@epic-web/cachified', '@gomomento/sdk'];
const size = { callers: 1_000, keysATick: 1_000, trials: 20, processes: 4, limitMs: 1_100, nextCalls: 5 };

const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;

/** `npm run bench:scenarios`: this library and others in the same situations, as a table in Markdown. */
export async function main(): Promise<void> {
  const { version, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    readonly version: string;
    readonly devDependencies: Readonly<Record<string, string>>;
  };
  const rows = await runScenarios(size);
  const versions = peers.map((name) => `${name} ${devDependencies[name]}`).join(', ');
  const lines = [
    `${new Date().toISOString().slice(0, 10)}, Node ${process.versions.node}, ${cpus().length} cores.`,
    `nestjs-momento ${version}, ${versions}.`,
    '',
    line(['', ...contestants.map(({ name }) => name)]),
    line(['---', ...contestants.map(() => '---')]),
    ...rows.map(line),
  ];
  console.log(lines.join('\n'));
}
