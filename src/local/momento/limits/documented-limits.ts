import { EngineError } from '../engine/engine-error.js';
import { DOCUMENTED_ACCOUNT } from './account-limits.js';
import { RateLimit } from './rate-limit.js';
import { publishedBytesOf, operationsOf, ttlsOf } from '../grpc/calls/request-cost.js';
import type { RpcName, ServiceName } from '../grpc/services.js';

/** What is in use on a server, as far as it is limited. */
export interface Usage {
  readonly caches: number;
  readonly subscriptions: number;
}

const MAX_CACHES = 3;
const CONTROL_OPERATIONS_PER_SECOND = 5;
const MAX_MESSAGE_BYTES = DOCUMENTED_ACCOUNT.messageKb * 1024;
const MAX_TTL_MS = DOCUMENTED_ACCOUNT.ttlSeconds * 1000;
const { operationsPerSecond, publishesPerSecond, subscriptions: MAX_SUBSCRIPTIONS } = DOCUMENTED_ACCOUNT;

/** The documented limits that nobody wants in a test unless it is about them: rates, counts and the longest TTL. */
export class DocumentedLimits {
  readonly #rates: Readonly<Partial<Record<ServiceName, RateLimit>>>;
  readonly #publishes: RateLimit;
  readonly #usage: () => Usage;

  constructor(now: () => number, usage: () => Usage) {
    const data = new RateLimit(operationsPerSecond, now);
    const control = new RateLimit(CONTROL_OPERATIONS_PER_SECOND, now);
    this.#rates = { cache: data, leaderboard: data, control, webhook: control };
    this.#publishes = new RateLimit(publishesPerSecond, now);
    this.#usage = usage;
  }

  /** @throws EngineError when a call would exceed a limit. A call that is refused counts for nothing. */
  check(service: ServiceName, rpc: RpcName, request: object): void {
    if (ttlsOf(request).some((ttlMilliseconds) => ttlMilliseconds > MAX_TTL_MS)) {
      throw new EngineError('invalid-argument', 'The TTL exceeds the limit of 24 hours');
    }
    if (publishedBytesOf(request) > MAX_MESSAGE_BYTES) {
      throw new EngineError(
        'size-limit-exceeded',
        `The message exceeds the request limit of ${MAX_MESSAGE_BYTES} bytes`,
      );
    }
    if (rpc === 'create-cache' && this.#usage().caches >= MAX_CACHES) {
      throw new EngineError('cache-limit-exceeded', `The limit of ${MAX_CACHES} caches is exceeded`);
    }
    // The call itself is among those that are open.
    if (rpc === 'topic-subscribe' && this.#usage().subscriptions > MAX_SUBSCRIPTIONS) {
      throw new EngineError(
        'subscriptions-limit-exceeded',
        `The limit of ${MAX_SUBSCRIPTIONS} subscribers is exceeded`,
      );
    }
    const rate = rpc === 'topic-publish' ? this.#publishes : this.#rates[service];
    if (rate?.take(operationsOf(request)) === false) {
      throw new EngineError(
        'operations-limit-exceeded',
        `The limit of ${rate.operationsPerSecond} operations per second is exceeded`,
      );
    }
  }
}
