import { randomUUID } from 'node:crypto';
import { warnUnlessLoopback } from '../loopback.js';
import { awsExchange, readExchange } from './endpoints/aws-endpoint.js';
import { AwsError } from './aws-error.js';
import { CallLog } from './call-log.js';
import type { SecretsManagerCall } from './call-log.js';
import { EXTENSION_PATH, ExtensionEndpoint } from './endpoints/extension-endpoint.js';
import { SecretsManagerFaults } from './faults/faults.js';
import { CallerCheck } from './http/caller-check.js';
import { HttpListener } from './http/http-listener.js';
import { handleRequest } from './http/request-handler.js';
import type { OperationContext } from './endpoints/operations.js';
import { SecretStore } from './secrets/secret-store.js';
import type { DeleteOptions, PutOptions } from './secrets/secret-store.js';
import type { SecretValue } from './secrets/secret-versions.js';
import { errorAnswer } from './http/wire.js';
import type { Exchange, WireAnswer, WireRequest } from './http/wire.js';

export interface SecretsManagerLocalOptions {
  /** TCP port; 0, the default, takes any that is free. */
  readonly port?: number;
  /** Address to listen on. @default '127.0.0.1' */
  readonly hostname?: string;
  /** Region of {@link SecretsManagerLocal.putSecret} and of the Lambda extension's path. @default 'us-west-2' */
  readonly region?: string;
  /** Twelve digits. @default '000000000000' */
  readonly accountId?: string;
  /** The clock, in milliseconds since 1970. @default Date.now */
  readonly now?: () => number;
  /** How long the Lambda extension's path keeps what it read, in seconds, at most 300 on AWS. @default 300 */
  readonly extensionTtlSeconds?: number;
  /** The token that the Lambda extension's path asks for; any non-empty one when left out. */
  readonly sessionToken?: string;
  /**
   * Names, without port, by which clients reach the server, beside `localhost`, loopback addresses and `hostname`; when it listens
   * on every address, any address will do as well. A request for another host is refused, so that no web page gets at the secrets.
   * @default none
   */
  readonly allowedHosts?: readonly string[];
}

/** From this many regions on, those without secrets are forgotten. */
const MAX_REGIONS = 100;

/** How {@link SecretsManagerLocal.putSecret} stores a version. */
export interface PutSecretOptions extends PutOptions {
  /** The region to store it in; the server's by default. */
  readonly region?: string;
}

/** How {@link SecretsManagerLocal.deleteSecret} deletes. */
export interface DeleteSecretOptions extends DeleteOptions {
  /** The region of the secret; the server's by default. */
  readonly region?: string;
}

/**
 * AWS Secrets Manager in this process, for tests and local work: the AWS JSON 1.1 endpoint as the AWS SDKs use it, and the
 * Lambda extension's `GET /secretsmanager/get` on the same port. Any credentials are accepted; a request reads the
 * secrets of the region it was signed for. Nothing is stored outside the process.
 *
 * @example
 * const secrets = await SecretsManagerLocal.start();
 * secrets.putSecret('Momento_Auth_Token', 'the key');
 * new SecretsManagerClient({ endpoint: secrets.endpoint, region: 'us-west-2', credentials });
 */
export class SecretsManagerLocal implements AsyncDisposable {
  /** Faults to meet the next requests with. */
  readonly faults: SecretsManagerFaults;
  readonly #options: Required<Omit<SecretsManagerLocalOptions, 'sessionToken'>>;
  readonly #stores = new Map<string, SecretStore>();
  readonly #log: CallLog;
  readonly #extension: ExtensionEndpoint;
  readonly #listener: HttpListener;
  #isStopped = false;

  private constructor({ sessionToken, ...options }: SecretsManagerLocalOptions) {
    this.#options = {
      port: 0,
      hostname: '127.0.0.1',
      region: 'us-west-2',
      accountId: '000000000000',
      now: Date.now,
      extensionTtlSeconds: 300,
      allowedHosts: [],
      ...options,
    };
    const { hostname, region, accountId, now, extensionTtlSeconds, allowedHosts } = this.#options;
    this.#log = new CallLog(now);
    this.faults = new SecretsManagerFaults({
      down: () => this.#listener.close(),
      up: () => this.#reopen(),
    });
    const handling = {
      accountId,
      calls: this.#log,
      faults: this.faults,
      callers: new CallerCheck(hostname, allowedHosts),
      route: (request: WireRequest) => this.#route(request),
    };
    this.#listener = new HttpListener(hostname, (request, response) => {
      void handleRequest(request, response, handling);
    });
    this.#extension = new ExtensionEndpoint({
      region,
      now,
      sessionToken,
      ttlSeconds: extensionTtlSeconds,
      getSecretValue: (members) => this.#readForExtension(members),
    });
  }

  /**
   * Starts a server.
   * @throws Error with a `code` such as `EADDRINUSE` when it cannot listen
   */
  static async start(options: SecretsManagerLocalOptions = {}): Promise<SecretsManagerLocal> {
    const server = new SecretsManagerLocal(options);
    await server.#listener.open(server.#options.port);
    warnUnlessLoopback('SecretsManagerLocal', server.#options.hostname);
    return server;
  }

  /** The TCP port it listens on; the same after an outage. */
  get port(): number {
    return this.#listener.port;
  }

  /** Where it listens, e.g. `http://127.0.0.1:8081`; the `endpoint` of an AWS SDK client. */
  get endpoint(): string {
    const { hostname } = this.#options;
    return `http://${hostname.includes(':') ? `[${hostname}]` : hostname}:${this.port}`;
  }

  /** The latest 1000 requests, oldest first, each as it arrived. */
  get calls(): readonly SecretsManagerCall[] {
    return this.#log.calls;
  }

  /**
   * How many requests have arrived since the start: all, of one operation, or for one secret as the requests name it. Exact, as long
   * as they name at most 100 operations and 10,000 secrets.
   */
  callCount(operation?: string, secretId?: string): number {
    return this.#log.count(operation, secretId);
  }

  /**
   * Creates the secret, or gives it a new version that becomes `AWSCURRENT` while the former becomes `AWSPREVIOUS`; with
   * `stages`, the version gets those labels instead. A `Uint8Array` is stored as binary. Unlike AWS it takes an empty
   * value and a `versionId` of any length.
   * @throws Error named as AWS names it: `InvalidRequestException` when the secret is marked for deletion,
   * `ResourceExistsException` when the `versionId` has another value, `ValidationException` for an invalid name
   */
  putSecret(name: string, value: SecretValue, { region, ...options }: PutSecretOptions = {}) {
    const store = this.#store(region);
    if (!store.has(name)) store.create(name);
    const { secret, version } = store.put(name, value, options);
    return { name: secret.name, arn: secret.arn, versionId: version.id };
  }

  /**
   * Marks the secret for deletion, as AWS does by default, or deletes it at once with `force`.
   * @throws Error named as AWS names it: `ResourceNotFoundException`, `InvalidRequestException` when it is marked already
   */
  deleteSecret(name: string, { region, ...options }: DeleteSecretOptions = {}): void {
    this.#store(region).delete(name, options);
  }

  /** Closes the port and every connection; may be called again. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#listener.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #reopen(): Promise<void> {
    if (this.#isStopped) throw new Error('This SecretsManagerLocal was stopped: start another one.');
    await this.#listener.open();
  }

  #store(region = this.#options.region): SecretStore {
    const { accountId, now } = this.#options;
    const store = this.#stores.get(region) ?? new SecretStore(region, accountId, now);
    // Whoever signs a request chooses its region: those in which nothing was stored are forgotten again.
    if (this.#stores.size >= MAX_REGIONS) this.#forgetEmptyRegions();
    this.#stores.set(region, store);
    return store;
  }

  #forgetEmptyRegions(): void {
    for (const [region, store] of this.#stores) {
      if (store.list({ includeDeleted: true }).length === 0) this.#stores.delete(region);
    }
  }

  #route(request: WireRequest): Exchange | WireAnswer {
    if (request.path === EXTENSION_PATH) return this.#extension.exchange(request);
    if (request.path !== '/') {
      return errorAnswer(new AwsError('UnknownOperationException', 'There is nothing at this path.', 404));
    }
    if (request.method !== 'POST') {
      return errorAnswer(new AwsError('UnknownOperationException', 'This endpoint answers POST only.', 405));
    }
    return awsExchange(request, this.#context);
  }

  #readForExtension(members: Parameters<typeof readExchange>[0]): WireAnswer {
    const exchange = readExchange(members, this.#options.region, this.#context);
    const answer = exchange.answer();
    this.#log.add(exchange, randomUUID(), answer);
    return answer;
  }

  readonly #context = (region: string, operation: string): OperationContext => ({
    store: this.#store(region),
    isStale: () => this.faults.takeStaleRead(operation),
  });
}
