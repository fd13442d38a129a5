#!/usr/bin/env node
import { runMomentoLocal } from './run.js';

async function main(): Promise<void> {
  const stop = new AbortController();
  // Once: a second Ctrl+C ends the process as usual, should the first not do.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop.abort());
  const { argv, env, stdout, stderr } = process;
  process.exitCode = await runMomentoLocal(argv.slice(2), env, { stdout, stderr, signal: stop.signal });
}

void main();
