import { inspect, type InspectOptions } from 'node:util';
import { redactKeys } from './redaction.js';

/** The method that `console.log` and Node's REPL ask what to print: they do not see private fields. */
export const printing: typeof inspect.custom = inspect.custom;

/** @param facts what is worth to know; nothing is printed of them when they cannot be had @returns them, without keys */
export function printed(name: string, facts: () => object, options: InspectOptions): string {
  try {
    return `${name} ${redactKeys(inspect(facts(), { ...options, depth: 3 }))}`;
  } catch {
    return `${name} {}`;
  }
}
