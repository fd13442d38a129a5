import { documentedLimitSeconds, isTtl, ttlDescription } from '../cache/options/ttl.js';
import { checkOptions, expected, findProblems, isPositive, type Rule } from '../foundation/options.rules.js';

export interface KeyvMomentoOptions {
  /** Put before every key, behind the prefix of the cache. @default 'keyv:' */
  readonly keyPrefix?: string | undefined;
  /**
   * How long an entry lives at most, in seconds, more than 0; also one that Keyv gives no TTL. Momento keeps items for at most
   * 86,400 s, 24 hours, unless the account may do more. @default 86,400
   */
  readonly maxTtlSeconds?: number | undefined;
  /** After how many seconds, more than 0, a `clear()` of another process is seen at the latest. @default 5 */
  readonly clearSeenWithinSeconds?: number | undefined;
}

const rules: Readonly<Record<keyof KeyvMomentoOptions, Rule>> = {
  keyPrefix: expected('a string', (value) => typeof value === 'string'),
  maxTtlSeconds: expected(ttlDescription, isTtl),
  clearSeenWithinSeconds: expected('a number of seconds above 0', isPositive),
};

export interface CheckedOptions {
  readonly keyPrefix: string;
  readonly maxTtlSeconds: number;
  readonly clearSeenWithinSeconds: number;
}

/** @throws MomentoConfigurationError `invalid-options` */
export function checkedOptions(options: KeyvMomentoOptions): CheckedOptions {
  checkOptions('The options of KeyvMomento', findProblems(options, rules), 'Correct them where it is made.');
  const { keyPrefix = 'keyv:', maxTtlSeconds = documentedLimitSeconds, clearSeenWithinSeconds = 5 } = options;
  return { keyPrefix, maxTtlSeconds: Math.ceil(maxTtlSeconds), clearSeenWithinSeconds };
}
