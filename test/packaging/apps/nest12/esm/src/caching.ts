import assert from 'node:assert/strict';
import { checks, frameworks } from './shared/checks.js';

/** Checks what is cached, on the framework that the command names. */
async function main(): Promise<void> {
  const framework = frameworks.find((name) => name === process.argv[2]);
  assert.ok(framework !== undefined);
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
