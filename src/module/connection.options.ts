import type { CacheBinding } from '../cache/options/cache.options.js';
import type { ConnectionOptions } from '../clients/momento-connection.js';
import type { TopicsOptions } from '../topics/definitions/topic.options.js';
import type { CredentialSource } from '../credentials/fetched/credential-source.js';
import type { RefreshOptions } from '../credentials/following/refresh-plan.js';
import type { MomentoEndpoint } from '../credentials/key/endpoint.js';

/** A cache that `MomentoModule.forFeature` makes injectable with `@InjectCache(name)`. */
export interface CacheFeature extends CacheBinding {
  readonly cacheName: string;
  /** What it is injected by, when several share a cache. @default the cacheName */
  readonly name?: string | undefined;
}

/** The options with their defaults, and the source of the key in place of what the user gave. */
export interface ResolvedMomentoOptions extends ConnectionOptions {
  readonly credentials: CredentialSource;
  readonly endpoint: MomentoEndpoint | undefined;
  readonly refresh: RefreshOptions | false;
  /** The defaults of its caches. */
  readonly cache: CacheBinding;
  readonly topics: TopicsOptions;
}
