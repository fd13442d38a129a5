import { checkOptions, expected, findProblems, isPositive, type Rule } from '../foundation/options.rules.js';

export interface MomentoThrottlerOptions {
  /**
   * What happens to requests while Momento cannot be asked: `'open'` lets them pass uncounted, `'closed'` refuses them. @default 'open'
   */
  readonly fails?: 'open' | 'closed' | undefined;
  /** How long a request waits for Momento to count it, in seconds, more than 0. @default 0.5 */
  readonly timeoutSeconds?: number | undefined;
  /** Put before every key, behind the prefix of the cache. @default 'throttler:' */
  readonly keyPrefix?: string | undefined;
}

const rules: Readonly<Record<keyof MomentoThrottlerOptions, Rule>> = {
  fails: expected("'open' or 'closed'", (value) => value === 'open' || value === 'closed'),
  timeoutSeconds: expected('a number of seconds above 0', isPositive),
  keyPrefix: expected('a string', (value) => typeof value === 'string'),
};

export interface CheckedOptions {
  readonly fails: 'open' | 'closed';
  readonly timeoutMs: number;
  readonly keyPrefix: string;
}

/** @throws MomentoConfigurationError `invalid-options` */
export function checkedOptions(options: MomentoThrottlerOptions): CheckedOptions {
  const problems = findProblems(options, rules);
  checkOptions('The options of MomentoThrottlerStorage', problems, 'Correct them where it is made.');
  const { fails = 'open', timeoutSeconds = 0.5, keyPrefix = 'throttler:' } = options;
  return { fails, timeoutMs: timeoutSeconds * 1000, keyPrefix };
}
