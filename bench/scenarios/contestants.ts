import { bentocache } from './caches/bentocache.js';
import type { Contestant } from './caches/cache.js';
import { cacheManager } from './caches/cache-manager.js';
import { cacheable } from './caches/cacheable.js';
import { cachified } from './caches/cachified.js';
import { asItIs, inAFleet } from './caches/this-library.js';

/** In the order of the table's columns. */
export const contestants: readonly Contestant[] = [
  asItIs,
  inAFleet,
  bentocache,
  cacheable,
  cacheManager,
  cachified,
];
