import { isIPv6 } from 'node:net';
import { Server } from '@grpc/grpc-js';
import { warnUnlessLoopback } from '../loopback.js';
import { ApiKeys, type IssueApiKeyOptions, unauthenticated } from './keys/api-keys.js';
import { DOCUMENTED_ACCOUNT, TEST_ACCOUNT } from './limits/account-limits.js';
import { DocumentedLimits } from './limits/documented-limits.js';
import { CacheRegistry } from './engine/cache-registry.js';
import { FaultPlan } from './faults/fault-plan.js';
import { MomentoFaults } from './faults/momento-faults.js';
import { CallPipeline } from './grpc/calls/call-pipeline.js';
import { SHUTTING_DOWN, failureFrom, failureOf } from './grpc/calls/call-failure.js';
import { unrefDeadline } from './grpc/calls/unref-deadline.js';
import { Heartbeats } from './grpc/calls/heartbeats.js';
import { Http2Listener } from './grpc/http2-listener.js';
import { addMomentoServices } from './grpc/momento-services.js';
import { OpenCalls } from './grpc/calls/open-calls.js';
import type { RpcName } from './grpc/services.js';
import { HitTally } from './hit-tally.js';
import type { MomentoLocalEndpoints, MomentoLocalOptions, MomentoLocalTls } from './momento-local.options.js';
import type { MomentoLocalStats } from './momento-local.stats.js';
import { type RequestRecord, RequestLog } from './request-log.js';
import { Sweeper } from './sweeper.js';
import { WebhookDeliveries } from './webhook-deliveries.js';

/** A request of the SDK is at most 10,486,000 bytes. What is larger, also when it was compressed, is refused before it is read. */
const MAX_REQUEST_BYTES = 11 * 1024 * 1024;

const GRPC_OPTIONS = {
  'grpc.max_receive_message_length': MAX_REQUEST_BYTES,
  'grpc.enable_channelz': 0,
  interceptors: [unrefDeadline],
};

/**
 * A Momento in this process: it speaks the service's gRPC on a local port, keeps everything in memory, and needs no account.
 * The SDK's own clients talk to it. A server that has issued no key accepts every call; from the first key on, each call needs
 * one that is valid.
 */
export class MomentoLocal implements AsyncDisposable {
  /** Makes calls, streams and connections fail on purpose. */
  readonly faults: MomentoFaults;
  readonly hostname: string;

  readonly #server = new Server(GRPC_OPTIONS);
  readonly #openCalls = new OpenCalls();
  readonly #log = new RequestLog();
  readonly #caches: CacheRegistry;
  readonly #tally = new HitTally();
  readonly #sweeper: Sweeper;
  readonly #keys: ApiKeys;
  readonly #deliveries: WebhookDeliveries;
  readonly #listener: Http2Listener;
  readonly #tls: MomentoLocalTls | undefined;
  #stopped: Promise<void> | undefined;

  private constructor(options: MomentoLocalOptions) {
    const { port = 0, hostname = '127.0.0.1', now = Date.now, heartbeatIntervalMs = 1000 } = options;
    const { caches = [], autoCreateCaches = false, topicHistorySeconds = 5, limits } = options;
    const { maxBytes = Infinity, tls } = options;
    this.hostname = hostname;
    this.#tls = tls;
    this.#keys = new ApiKeys(now);
    this.#deliveries = new WebhookDeliveries(now);
    const topicHistoryMs = topicHistorySeconds * 1000;
    this.#caches = new CacheRegistry({ now, topicHistoryMs, maxBytes, autoCreate: autoCreateCaches });
    this.#sweeper = new Sweeper(this.#caches);
    for (const name of caches) {
      this.#caches.create(name);
    }
    const plan = new FaultPlan();
    const openCalls = this.#openCalls;
    addMomentoServices({
      server: this.#server,
      pipeline: new CallPipeline({
        keys: this.#keys,
        faults: plan,
        log: this.#log,
        openCalls,
        tally: this.#tally,
        limits: limits === 'documented' ? new DocumentedLimits(now, () => this.stats()) : undefined,
        now,
      }),
      caches: this.#caches,
      heartbeats: new Heartbeats(heartbeatIntervalMs),
      deleteCache: (name) => this.deleteCache(name),
      account: limits === 'documented' ? DOCUMENTED_ACCOUNT : TEST_ACCOUNT,
      keys: this.#keys,
      onPublished: (message) => this.#deliveries.deliver(message),
      endpoint: () => this.#address,
    });
    this.#listener = new Http2Listener(this.#server, { hostname, port, tls });
    this.faults = new MomentoFaults({ plan, openCalls, listener: this.#listener });
  }

  /**
   * Starts a server and resolves when it listens.
   *
   * @throws the system's error when it cannot, for instance `EADDRINUSE`; Error when `tls` cannot be used
   */
  static async start(options: MomentoLocalOptions = {}): Promise<MomentoLocal> {
    const momento = MomentoLocal.create(options);
    await momento.listen();
    return momento;
  }

  /** Makes a server that does not listen yet; its caches, keys and faults are there. */
  static create(options: MomentoLocalOptions = {}): MomentoLocal {
    return new MomentoLocal(options);
  }

  /** Starts what {@link create} made, once. @throws the system's error when it cannot */
  async listen(): Promise<void> {
    await this.#listener.listen();
    this.#sweeper.start();
    warnUnlessLoopback('MomentoLocal', this.hostname);
  }

  get port(): number {
    return this.#listener.port;
  }

  /** The SDK's `endpointOverrides` for this server. */
  get endpoints(): MomentoLocalEndpoints {
    const address = this.#address;
    const hostOf = (plane: string) =>
      this.#tls?.endpointHost === undefined ? address : `${plane}.${address}`;
    return {
      cacheEndpoint: hostOf('cache'),
      controlEndpoint: hostOf('control'),
      tokenEndpoint: hostOf('token'),
      secureConnection: this.#tls !== undefined,
    };
  }

  /** The latest 10,000 calls, in the order of their arrival. */
  get requests(): readonly RequestRecord[] {
    return this.#log.records;
  }

  /** How many calls ever arrived, of one kind or of all; exact however many they were. */
  requestCount(rpc?: RpcName): number {
    return this.#log.count(rpc);
  }

  /** What the server has done so far, and what it holds now. */
  stats(): MomentoLocalStats {
    const caches = this.#caches.all;
    const stores = caches.map(({ items }) => items);
    return {
      calls: this.#log.counts,
      hits: this.#tally.hits,
      misses: this.#tally.misses,
      subscriptions: this.#openCalls.count('topic-subscribe'),
      caches: stores.length,
      items: stores.reduce((sum, { heldCount }) => sum + heldCount, 0),
      itemBytes: stores.reduce((sum, { heldBytes }) => sum + heldBytes, 0),
      topics: caches.reduce((sum, { topics }) => sum + topics.heldCount, 0),
      topicBytes: caches.reduce((sum, { topics }) => sum + topics.heldBytes, 0),
      leaderboardBytes: caches.reduce((sum, { leaderboards }) => sum + leaderboards.heldBytes, 0),
      evictions: stores.reduce((sum, { evictedCount }) => sum + evictedCount, 0),
    };
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#listener.connections;
  }

  /** Connections that were ever accepted. */
  get connectionsAccepted(): number {
    return this.#listener.connectionsAccepted;
  }

  /** Issues a key, and answers the text that a user would keep in Secrets Manager. Each is new and random. */
  issueApiKey(options?: IssueApiKeyOptions): string {
    return this.#keys.issue(this.#address, options);
  }

  /**
   * Revokes a key: its calls fail with UNAUTHENTICATED from now on, and so do its open subscriptions.
   *
   * @param key the text that {@link issueApiKey} or the SDK's `AuthClient` answered
   * @throws Error when this server has not issued it
   */
  revokeApiKey(key: string): void {
    const { id } = this.#keys.revoke(key);
    this.#openCalls.fail(
      failureFrom(unauthenticated()),
      ({ record }) => record.rpc === 'topic-subscribe' && record.keyId === id,
    );
  }

  /** In the order of their creation. */
  get cacheNames(): readonly string[] {
    return this.#caches.names;
  }

  /** @throws EngineError when the cache exists or the name is empty. */
  createCache(name: string): void {
    this.#caches.create(name);
  }

  /** Deletes a cache; its subscriptions end with NOT_FOUND. @throws EngineError when there is none of this name. */
  deleteCache(name: string): void {
    this.#caches.delete(name);
    const failure = failureOf('NOT_FOUND', `Cache not found: ${name}`);
    this.#openCalls.fail(
      failure,
      ({ record, cacheName }) => record.rpc === 'topic-subscribe' && cacheName === name,
    );
  }

  /** Removes every item and leaderboard of every cache; caches, topics, webhooks and keys stay. */
  flush(): void {
    this.#caches.flushAll();
  }

  /** Ends what is open with UNAVAILABLE, closes every connection and frees the port. Can be called again. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  get #address(): string {
    const host = this.#tls?.endpointHost ?? this.hostname;
    return `${isIPv6(host) ? `[${host}]` : host}:${this.port}`;
  }

  async #stop(): Promise<void> {
    this.#openCalls.fail(SHUTTING_DOWN);
    this.#deliveries.close();
    this.#sweeper.stop();
    await this.#listener.close();
    this.#server.forceShutdown();
  }
}
