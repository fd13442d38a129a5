import { MomentoConfigurationError } from './momento.errors.js';
import { showName } from './text/redaction.js';

/** A rule says what is wrong with a value, or nothing. */
export type Rule = (value: unknown) => string | undefined;

export const expected =
  (what: string, holds: (value: unknown) => boolean): Rule =>
  (value) =>
    holds(value) ? undefined : `must be ${what}, not ${describe(value)}`;

export const isPositive = (value: unknown) =>
  typeof value === 'number' && Number.isFinite(value) && value > 0;
export const hasMethods =
  (...names: string[]) =>
  (value: unknown) =>
    typeof value === 'object' &&
    value !== null &&
    names.every((name) => typeof Reflect.get(value, name) === 'function');

/** Each problem with its path: a rule that is broken, an option that there is not, one that is needed and not there. */
export function findProblems(
  options: unknown,
  rules: Readonly<Record<string, Rule>>,
  needed: readonly string[] = [],
): string[] {
  if (typeof options !== 'object' || options === null) return [`must be an object, not ${describe(options)}`];
  const missing = needed
    .filter((path) => Reflect.get(options, path) === undefined)
    .map((path) => `${path}: is missing`);
  const broken = Object.entries(options).flatMap(([path, value]) => {
    const rule = Object.hasOwn(rules, path) ? rules[path] : undefined;
    const problem = rule === undefined ? 'is not an option' : value === undefined ? undefined : rule(value);
    return problem === undefined ? [] : [`${showName(path)}: ${problem}`];
  });
  return [...missing, ...broken];
}

/** @throws MomentoConfigurationError `invalid-options`, when there is a problem */
export function checkOptions(
  what: string,
  problems: readonly string[],
  advice = 'Correct them where MomentoModule is imported.',
): void {
  if (problems.length === 0) return;
  throw new MomentoConfigurationError(
    'invalid-options',
    `${what} are not valid:\n${problems.map((problem) => `  - ${problem}`).join('\n')}\n`,
    advice,
  );
}

/** Kind and small values only: a key that was put into the wrong option is not shown. */
function describe(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean' || value === null) return String(value);
  if (value === '') return 'an empty string';
  return typeof value === 'object' ? 'an object of another kind' : `a ${typeof value}`;
}
