import { bindingRules, cacheNameRule } from '../cache/options/binding-rules.js';
import { type AnyCacheDefinition, isCacheDefinition } from '../cache/typed/cache-definition.js';
import { quoteName } from '../foundation/text/redaction.js';
import { checkOptions, findProblems, type Rule } from '../foundation/options.rules.js';
import type { CacheFeature } from './connection.options.js';

const featureRules: Readonly<Record<keyof CacheFeature, Rule>> = {
  ...bindingRules,
  cacheName: cacheNameRule,
  name: cacheNameRule,
};

/**
 * Definitions were checked where they were made.
 *
 * @throws MomentoConfigurationError `invalid-options`, which lists every problem of every feature with its path
 */
export function checkFeatures(features: readonly (CacheFeature | AnyCacheDefinition)[]): void {
  const problems = Array.isArray(features) ? problemsOf(features) : ['must be a list, in brackets'];
  checkOptions('The caches of MomentoModule.forFeature', problems);
}

function problemsOf(features: readonly (CacheFeature | AnyCacheDefinition)[]): string[] {
  return features.flatMap((feature, index) =>
    isCacheDefinition(feature)
      ? []
      : findProblems(feature, featureRules, ['cacheName']).map((problem) => `[${index}].${problem}`),
  );
}

/**
 * What a factory of `forFeatureAsync` gave. The key, codec and schema of a definition are what its types are made of.
 *
 * @throws MomentoConfigurationError `invalid-options`
 */
export function checkFactoryOptions(
  name: string,
  options: unknown,
  isDefinition: boolean,
): asserts options is object {
  const { name: _name, codec, schema, ...others } = featureRules;
  const rules: Readonly<Record<string, Rule>> = isDefinition ? others : { ...others, codec, schema };
  checkOptions(
    `What useFactory of MomentoModule.forFeatureAsync gives for ${quoteName(name)}`,
    findProblems(options, rules),
  );
}
