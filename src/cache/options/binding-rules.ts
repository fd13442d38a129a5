import { expected, findProblems, hasMethods, isPositive, type Rule } from '../../foundation/options.rules.js';
import { policyRules } from './cache-policy.js';
import type { CacheBinding, NearCacheOptions } from './cache.options.js';
import { isTtl, ttlDescription } from './ttl.js';

/** The memory of its lists is taken at once. */
const maxNearItems = 10_000_000;

const isWhole = (value: unknown) => Number.isSafeInteger(value) && Number(value) > 0;

const nearCacheRules: Readonly<Record<keyof NearCacheOptions, Rule>> = {
  maxItems: expected(
    'a whole number from 1 to 10,000,000',
    (value) => isWhole(value) && Number(value) <= maxNearItems,
  ),
  maxBytes: expected('a whole number above 0', isWhole),
  ttlSeconds: expected('a number of seconds above 0', isPositive),
  invalidation: expected("'none' or 'topic'", (value) => value === 'none' || value === 'topic'),
};

const nearCacheRule: Rule = (value) => {
  if (value === false) return undefined;
  const problems = findProblems(value, nearCacheRules);
  return problems.length === 0 ? undefined : problems.join('; ');
};

export const bindingRules: Readonly<Record<keyof CacheBinding, Rule>> = {
  ...policyRules,
  keyPrefix: expected('a string', (value) => typeof value === 'string'),
  batching: expected('true or false', (value) => typeof value === 'boolean'),
  nearCache: nearCacheRule,
  tagSeconds: expected(ttlDescription, isTtl),
  codec: expected('a codec with encode and decode', hasMethods('encode', 'decode')),
  schema: expected('a Standard Schema', isSchema),
};

export const cacheNameRule: Rule = expected('a filled string', isFilled);

function isSchema(value: unknown): boolean {
  const standard: unknown =
    value === null || value === undefined ? undefined : Reflect.get(Object(value), '~standard');
  return hasMethods('validate')(standard);
}

function isFilled(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}
