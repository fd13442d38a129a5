import { Inject, type InjectionToken } from '@nestjs/common';
import { defaultConnectionName, internalToken } from '../../foundation/tokens.js';
import type { AnyCacheDefinition } from './cache-definition.js';
import type { CacheOf } from './typed-cache.js';

/** What a cache of `MomentoModule.forFeature` is provided as, by its name or its definition; for `overrideProvider` and `moduleRef.get`. */
export function getCacheToken(cacheName: string, connectionName?: string): string;
export function getCacheToken<Definition extends AnyCacheDefinition>(
  definition: Definition,
  connectionName?: string,
): InjectionToken<CacheOf<Definition>>;
export function getCacheToken(
  cache: string | AnyCacheDefinition,
  connectionName = defaultConnectionName,
): InjectionToken {
  if (typeof cache === 'string') return internalToken(`Cache/${cache}`, connectionName);
  return definitionToken(cache.name, connectionName);
}

/** Injects a cache of `MomentoModule.forFeature`, by its name or its definition. */
export function InjectCache(cache: string | AnyCacheDefinition, connectionName?: string) {
  return Inject(
    typeof cache === 'string' ? getCacheToken(cache, connectionName) : getCacheToken(cache, connectionName),
  );
}

/** Nest shows the token when nobody provides it: it is what the reader needs to know then. */
function definitionToken(name: string, connectionName: string): string {
  const token = internalToken(`TypedCache/${name}`, connectionName);
  return `${token} (give its definition to MomentoModule.forFeature)`;
}
