import { connectionLogger } from '../../foundation/connection-logger.js';
import { LogThrottle } from '../../foundation/log-throttle.js';
import { MomentoConfigurationError } from '../../foundation/momento.errors.js';
import { describeError } from '../../foundation/text/describe-error.js';
import { followerOf, type MomentoCredentials } from '../momento-credentials.js';

/** What a Redis client sends with AUTH. The password is the key: keep it where it cannot be printed. */
export interface RedisAuth {
  readonly username: string;
  readonly password: string;
}

export interface RedisCredentialsOptions {
  /** The name of the database, which is the user to Momento. */
  readonly database: string;
}

/** As much of an ioredis client as is needed. */
export interface IoRedisLike {
  readonly options: { username?: string | undefined; password?: string | undefined };
  readonly status: string;
  auth(username: string, password: string): Promise<unknown>;
}

interface RedisAuthListener {
  onNext(auth: RedisAuth): void;
}

/**
 * node-redis subscribes anew each time that it connects, and never ends the subscription before: so many are kept, the latest of
 * them, which is more than a cluster has nodes.
 */
const mostListeners = 1_000;

/**
 * Hands the live key of a connection to Redis clients. For node-redis 5 it is the option `credentialsProvider`; ioredis 5, which has
 * none, starts with `current()` and is kept up to date by `follow()`.
 */
export class MomentoRedisCredentials {
  /** What node-redis knows it by. */
  readonly type = 'streaming-credentials-provider';
  readonly #credentials: MomentoCredentials;
  readonly #database: string;
  readonly #logger = connectionLogger('MomentoRedisCredentials');
  readonly #throttle = new LogThrottle();
  readonly #listeners = new Set<RedisAuthListener>();
  readonly #onRotated = () => void this.#tell(this.#listeners);

  /** @internal */
  constructor(credentials: MomentoCredentials, { database }: RedisCredentialsOptions) {
    this.#credentials = credentials;
    this.#database = database;
  }

  /**
   * The key in use; the first call fetches it.
   *
   * @throws MomentoConfigurationError when there is none
   */
  async current(): Promise<RedisAuth> {
    const follower = followerOf(this.#credentials);
    if (follower === undefined) {
      throw new MomentoConfigurationError(
        'source-failed',
        'momentoRedisCredentials was given what is not the MomentoCredentials of a connection.',
        'Inject MomentoCredentials; a test that replaces it replaces the Redis client as well.',
      );
    }
    const { provider } = await follower.current();
    return { username: this.#database, password: provider.getAuthToken() };
  }

  /** Called by node-redis. @returns the key in use, and what ends the telling of later ones @throws MomentoConfigurationError */
  async subscribe(listener: RedisAuthListener): Promise<[RedisAuth, { dispose(): void }]> {
    this.#add(listener);
    try {
      return [await this.current(), { dispose: () => this.#remove(listener) }];
    } catch (error) {
      this.#remove(listener);
      throw error;
    }
  }

  /** Called by node-redis when the server does not accept a later key. The connection goes on with the one before. */
  onReAuthenticationError(error: Error): void {
    const line = `A Redis client could not go over to the new key: ${describeError(error)} It sends it when it connects again.`;
    this.#throttle.say('rejected', line, (said) => this.#logger.warn(said));
  }

  /**
   * Keeps an ioredis client up to date: connections that stand get each new key at once, later ones begin with it.
   *
   * @returns what ends it; the end of the app does as well
   */
  follow(redis: IoRedisLike): () => void {
    const listener: RedisAuthListener = {
      onNext: ({ username, password }) => {
        if (redis.options.password === password) return;
        redis.options.username = username;
        redis.options.password = password;
        if (redis.status === 'ready')
          redis
            .auth(username, password)
            .catch((error: unknown) => this.onReAuthenticationError(toError(error)));
      },
    };
    this.#add(listener);
    // The key may have changed since the client was made.
    void this.#tell([listener]);
    return () => this.#remove(listener);
  }

  #add(listener: RedisAuthListener): void {
    if (this.#listeners.size === 0) this.#credentials.on('rotated', this.#onRotated);
    this.#listeners.add(listener);
    const [oldest] = this.#listeners;
    if (this.#listeners.size > mostListeners && oldest !== undefined) this.#listeners.delete(oldest);
  }

  #remove(listener: RedisAuthListener): void {
    if (this.#listeners.delete(listener) && this.#listeners.size === 0)
      this.#credentials.off('rotated', this.#onRotated);
  }

  /** Never rejects. */
  async #tell(listeners: Iterable<RedisAuthListener>): Promise<void> {
    try {
      const auth = await this.current();
      for (const listener of listeners) listener.onNext(auth);
    } catch (error) {
      this.onReAuthenticationError(toError(error));
    }
  }
}

/**
 * One key for Momento's Valkey endpoints too: Redis clients of the app follow the same secret and its rotation. The user is the
 * database, the password the live key, by Momento's documentation of August 2026.
 *
 * @example
 * createClient({ url: 'rediss://…', credentialsProvider: momentoRedisCredentials(credentials, { database: 'sessions' }) });
 */
export function momentoRedisCredentials(
  credentials: MomentoCredentials,
  options: RedisCredentialsOptions,
): MomentoRedisCredentials {
  return new MomentoRedisCredentials(credentials, options);
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(describeError(error));
}
