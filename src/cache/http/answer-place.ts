import type { CacheService } from '../cache.service.js';
import type { GetOrSetOptions } from '../options/cache.options.js';
import { type JudgedAnswer, keyedNames } from './answers/judged-answer.js';
import type { VariantList } from './answers/stored-answer.js';
import type { CachedRoute } from './route/cached-route.js';
import { namesIn } from './route/header-lists.js';
import type { CachedRequest } from './route/http-cache.options.js';
import { variantKey } from './route/request-key.js';
import type { Stored } from './turn.js';

/** Where the answer to a request is stored: under its key, or, where answers vary by what the handler says, under one for its variant. */
export class AnswerPlace {
  readonly policy: GetOrSetOptions<Stored>;
  readonly #cache: CacheService;
  readonly #request: CachedRequest;
  readonly #route: CachedRoute;
  readonly #key: string;
  /** What `Vary` named before the handler was asked. */
  readonly #variesBefore: readonly string[];
  /** What the stored list of variants names. */
  #variesBy: readonly string[] = [];
  #askedKey: string;

  /** @param vary what the response says before the handler is asked */
  constructor(
    cache: CacheService,
    request: CachedRequest,
    route: CachedRoute,
    key: string,
    vary: string | undefined,
  ) {
    this.#cache = cache;
    this.#request = request;
    this.#route = route;
    this.policy = route.policyOf(request);
    this.#variesBefore = vary === undefined ? [] : keyedNames(namesIn(vary), route.options);
    this.#key = this.#variesBefore.length === 0 ? key : variantKey(key, this.#variesBefore, request);
    this.#askedKey = this.#key;
  }

  /** Under which it is looked for. */
  get key(): string {
    return this.#askedKey;
  }

  /** From now on the variant is looked for. @returns false: it was already, and there is a list in its place */
  lookForVariant({ variesBy }: VariantList): boolean {
    if (this.#variesBy.length > 0) return false;
    this.#variesBy = variesBy;
    this.#askedKey = variantKey(this.#key, variesBy, this.#request);
    return true;
  }

  /**
   * What is stored under the key: the answer, or by what answers differ when they do. A variant is stored by who asks for it next:
   * only what the cache has begun itself does it know to be newer than what was invalidated meanwhile.
   */
  async storedFor({ answer, variesBy }: JudgedAnswer): Promise<Stored> {
    if (answer === undefined) return undefined;
    const known = [...this.#variesBefore, ...this.#variesBy];
    if (variesBy.every((name) => known.includes(name))) return answer;
    if (answer.freshSeconds === 0) return undefined;
    const names = [...new Set([...this.#variesBy, ...variesBy])].filter(
      (name) => !this.#variesBefore.includes(name),
    );
    // The list outlives what it tells apart.
    const { ttlSeconds, staleSeconds, staleIfErrorSeconds } = this.#route.windows;
    const list = { variesBy: names, freshSeconds: ttlSeconds + staleSeconds + staleIfErrorSeconds };
    if (this.#variesBy.length === 0) return list;
    // Where it fails, the next one tries.
    await this.#cache.set<Stored>(this.#key, list, this.policy).catch(() => undefined);
    return undefined;
  }

  /** What is there is no longer right. */
  async forget(): Promise<void> {
    await this.#cache.evict(this.#askedKey);
  }
}
