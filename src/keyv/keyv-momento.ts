import { Logger } from '@nestjs/common';
import type { CacheService } from '../cache/cache.service.js';
import { invalidArgument } from '../cache/options/cache-call.js';
import { Listeners } from '../foundation/events/listeners.js';
import { LogThrottle } from '../foundation/log-throttle.js';
import { MomentoError } from '../foundation/momento.errors.js';
import { describeError } from '../foundation/text/describe-error.js';
import { checkedOptions, type KeyvMomentoOptions } from './keyv-momento.options.js';
import { isOver, isWrittenTwice } from './keyv-text.js';
import { TextStore } from './text-store.js';

/**
 * A store for Keyv 5 and what stands on it: `cache-manager` 7, `@nestjs/cache-manager` 12, `cacheable` 2. What one tick asks for
 * goes in batches, a near cache of the `CacheService` is looked into first, and while Momento does not answer calls fail at once,
 * which Keyv makes misses of. Each Keyv needs one of its own, since it takes over the Keyv's namespace.
 *
 * @example
 * new Keyv({ store: new KeyvMomento(cache), namespace: 'users', ttl: 60_000 });
 */
export class KeyvMomento {
  /** Keyv's, which it may write to. */
  readonly opts: Record<string, unknown>;
  readonly #texts: TextStore;
  readonly #logger = new Logger('KeyvMomento');
  readonly #throttle = new LogThrottle();
  readonly #listeners = new Listeners<{ error: unknown }>(this.#logger);
  #namespace: string | undefined;
  #hasNamespace = false;
  #isBridged = false;

  /**
   * @param cache whose cache, connection, near cache, batching and `cacheTimeoutSeconds` are used
   * @throws MomentoConfigurationError `invalid-options`
   */
  constructor(cache: CacheService, options: KeyvMomentoOptions = {}) {
    this.#texts = new TextStore(cache, checkedOptions(options));
    this.opts = { ...options };
  }

  /**
   * Keyv 5 sets it before it does anything, and refuses to be in a Keyv itself; the bridge of Keyv 6 asks for it first, and a Keyv 5,
   * as `@nestjs/cache-manager` makes one, may be around it.
   */
  get namespace(): string | undefined {
    this.#isBridged ||= !this.#hasNamespace;
    return this.#namespace;
  }

  set namespace(namespace: string | undefined) {
    this.#hasNamespace = true;
    this.#namespace = namespace;
  }

  /** Told as `error`: what reads fail with, which Keyv 5 keeps to itself. What writes reject with Keyv tells itself. */
  on(event: string, listener: (...payload: unknown[]) => void): this {
    if (event === 'error') this.#listeners.on('error', listener);
    return this;
  }

  /** @throws MomentoCacheError, which Keyv makes a miss of unless it was told `throwOnErrors` */
  async get<Value>(key: string): Promise<Value | undefined> {
    try {
      // Keyv's stores answer the text under the type of the value in it.
      return (await this.#texts.get(this.#namespace, key)) as Value | undefined;
    } catch (error) {
      this.#tell(error);
      throw error;
    }
  }

  /** When it fails, nothing is found: Keyv 5 would reject with it, whatever it was told. */
  async getMany<Value>(keys: readonly string[]): Promise<(Value | undefined)[]> {
    try {
      return (await this.#texts.getMany(this.#namespace, keys)) as (Value | undefined)[];
    } catch (error) {
      this.#tell(error);
      return keys.map(() => undefined);
    }
  }

  /** As `getMany`; not what Keyv takes for expired. */
  async has(key: string): Promise<boolean> {
    const [found = false] = await this.hasMany([key]);
    return found;
  }

  async hasMany(keys: readonly string[]): Promise<boolean[]> {
    const texts = await this.getMany<string>(keys);
    return texts.map(isThere);
  }

  /** @param ttlMs rounded up to whole seconds, and at most `maxTtlSeconds`, as without one @throws MomentoCacheError */
  async set(key: string, value: unknown, ttlMs?: number): Promise<boolean> {
    return this.#writing(async () => {
      await this.#set(key, value, ttlMs);
      return true;
    });
  }

  /**
   * Not atomic: when it rejects, some may have been written. Keyv gives its caller what this gives, a boolean an entry, though
   * its type has it that this gives nothing.
   *
   * @throws MomentoCacheError the first failure
   */
  async setMany(
    entries: readonly { readonly key: string; readonly value: unknown; readonly ttl?: number | undefined }[],
  ): Promise<void> {
    return this.#writing(async () => {
      await settled(entries.map(({ key, value, ttl }) => this.#set(key, value, ttl)));
      return entries.map(() => true) as unknown as undefined;
    });
  }

  /** Two requests: Momento does not say whether it deleted something. @returns whether there was something @throws MomentoCacheError */
  async delete(key: string): Promise<boolean> {
    return this.deleteMany([key]);
  }

  /** @returns whether there was something under each key @throws MomentoCacheError the first failure */
  async deleteMany(keys: readonly string[]): Promise<boolean> {
    return this.#writing(async () => {
      // A delete that holds is one, whether or not it could be seen what there was.
      const texts = await this.#texts.getMany(this.#namespace, keys).catch(() => undefined);
      await this.#texts.deleteMany(this.#namespace, keys);
      return texts?.every(isThere) ?? true;
    });
  }

  /**
   * Clears the namespace at once in this process, and in the others within `clearSeenWithinSeconds`. Nothing is deleted: what is
   * out of reach stays with Momento until its TTL is over.
   *
   * @throws MomentoCacheError
   */
  async clear(): Promise<void> {
    return this.#writing(() => this.#texts.clear(this.#namespace));
  }

  /** Ends nothing: the connection is the app's, and closes with it. */
  async disconnect(): Promise<void> {}

  async #set(key: string, value: unknown, ttlMs: number | undefined): Promise<void> {
    if (this.#isBridged && typeof value === 'string' && isWrittenTwice(value))
      throw invalidArgument(
        { name: 'set', cacheName: this.#texts.cacheName, target: key },
        'two Keyvs, one inside the other, have written it: give what makes a Keyv, as the CacheModule of @nestjs/cache-manager does, the KeyvMomento itself, or a Keyv of keyv@^5.6',
      );
    await this.#texts.set(this.#namespace, key, value, ttlMs);
  }

  async #writing<R>(write: () => Promise<R>): Promise<R> {
    try {
      return await write();
    } catch (error) {
      this.#log(error);
      throw error;
    }
  }

  #tell(error: unknown): void {
    this.#log(error);
    this.#listeners.emit('error', () => error);
  }

  /** Who listens to nothing, as cache-manager, would not know. */
  #log(error: unknown): void {
    const code = error instanceof MomentoError ? error.code : '';
    this.#throttle.say(code, `Going on without the cache: ${describeError(error)}`, (line) =>
      this.#logger.warn(line),
    );
  }
}

/** @throws the first failure, when all have ended */
async function settled(work: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(work))
    if (outcome.status === 'rejected') throw outcome.reason;
}

function isThere(text: string | undefined): boolean {
  return text !== undefined && !isOver(text, Date.now());
}
