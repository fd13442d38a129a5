import { expected, findProblems, isPositive, type Rule } from '../../foundation/options.rules.js';
import type { GetOrSetOptions } from './cache.options.js';
import { areTags, tagsDescription } from './tags.js';
import { documentedLimitSeconds, isTtl, ttlDescription, wholeSeconds } from './ttl.js';

/** What a call goes by: its own options over the handle's over the connection's, checked. */
export interface CachePolicy extends GetOrSetOptions<never> {
  readonly staleSeconds: number;
  readonly staleIfErrorSeconds: number;
  readonly ttlJitter: number;
  readonly notFoundSeconds: number;
  readonly earlyRefresh: boolean;
  readonly singleFlight: 'process' | 'fleet';
  readonly leaseWaitSeconds: number;
}

const isNotNegative = (value: unknown) => value === 0 || isPositive(value);
const seconds: Rule = expected('a number of seconds, 0 or more', isNotNegative);
const limit: Rule = expected('a number of seconds above 0', isPositive);

export const policyRules: Readonly<Record<keyof GetOrSetOptions, Rule>> = {
  ttlSeconds: expected(ttlDescription, (value) => typeof value === 'function' || isTtl(value)),
  staleSeconds: seconds,
  staleIfErrorSeconds: seconds,
  ttlJitter: expected('a number from 0 to 1', (value) => isNotNegative(value) && Number(value) <= 1),
  tags: expected(tagsDescription, (value) => typeof value === 'function' || areTags(value)),
  notFoundSeconds: seconds,
  earlyRefresh: expected('true or false', (value) => typeof value === 'boolean'),
  loaderSoftTimeoutSeconds: limit,
  loaderTimeoutSeconds: limit,
  cacheTimeoutSeconds: limit,
  singleFlight: expected("'process' or 'fleet'", (value) => value === 'process' || value === 'fleet'),
  leaseWaitSeconds: seconds,
  storeIf: expected('a function', (value) => typeof value === 'function'),
};

export const defaultPolicy: CachePolicy = {
  staleSeconds: 0,
  staleIfErrorSeconds: 0,
  ttlJitter: 0,
  notFoundSeconds: 0,
  earlyRefresh: false,
  singleFlight: 'process',
  leaseWaitSeconds: 2,
};

/** What the first says, and where it says nothing, the policy. */
export function overPolicy(options: GetOrSetOptions<never>, policy: CachePolicy): CachePolicy {
  const said = Object.entries(options).filter(
    ([name, value]) => value !== undefined && Object.hasOwn(policyRules, name),
  );
  return { ...policy, ...Object.fromEntries(said) };
}

/** The first thing that is wrong with the options of a call, if any. */
export function policyProblem(options: object): string | undefined {
  return findProblems(options, policyRules)[0];
}

/** After how long an item of a cache must be gone by itself, in seconds, as far as the cache's options say. */
export function longestLifeSeconds({ ttlSeconds, staleSeconds, staleIfErrorSeconds }: CachePolicy): number {
  const freshSeconds = typeof ttlSeconds === 'number' ? ttlSeconds : documentedLimitSeconds;
  return wholeSeconds(freshSeconds + staleSeconds + staleIfErrorSeconds);
}
