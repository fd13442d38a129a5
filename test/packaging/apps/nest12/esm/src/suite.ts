import assert from 'node:assert/strict';
import { frameworks, suites } from './shared/checks.js';

/** Checks what the command names, on the framework that it names. */
async function main(): Promise<void> {
  const [suite, checks] = Object.entries(suites).find(([name]) => name === process.argv[2]) ?? [];
  const framework = frameworks.find((name) => name === process.argv[3]);
  assert.ok(checks !== undefined && framework !== undefined, `no ${suite} on ${framework}`);
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check(framework);
    } catch (cause) {
      throw new Error(name, { cause });
    }
  }
  console.log('closed');
}

void main();
