import 'reflect-metadata';
import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import * as fc from 'fast-check';
import { afterAll } from 'vitest';

// What a test says is said by its assertions; those about logs take the logger over (test/support/capture-logs.ts).
Logger.overrideLogger(false);

// The same cases at every run, so that a change that fails is at fault: FAST_CHECK_SEED=$RANDOM npm test draws others.
fc.configureGlobal({ seed: Number(process.env['FAST_CHECK_SEED'] ?? 7) });

/** What may hold a process, as Node names it. What is let go of (`unref`) is not among the active resources. */
const holding = ['TCPSocketWrap', 'TCPServerWrap', 'TLSWrap', 'Timeout', 'ProcessWrap', 'PipeWrap'];
/** What ends by itself does so within this time. */
const graceMs = 3_000;

const countOf = () => {
  const active = process.getActiveResourcesInfo();
  return new Map(holding.map((type) => [type, active.filter((one) => one === type).length]));
};

const before = countOf();
const warnings: Error[] = [];
const keep = (warning: Error) => {
  if (warning.name === 'MaxListenersExceededWarning') warnings.push(warning);
};
process.on('warning', keep);

const left = () =>
  [...countOf()].flatMap(([type, count]) => (count > (before.get(type) ?? 0) ? [`${count} ${type}`] : []));

/** A test file that leaves sockets or timers behind, or too many listeners, has a leak or found one. */
afterAll(async () => {
  const endAtMs = performance.now() + graceMs;
  while (left().length > 0 && performance.now() < endAtMs) await sleep(20);
  process.off('warning', keep);
  const problems = [
    ...left().map((what) => `left open: ${what}`),
    ...warnings.map(({ stack }) => String(stack)),
  ];
  if (problems.length > 0) throw new Error(`This test file is not done: ${problems.join('; ')}`);
});
