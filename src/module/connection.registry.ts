import {
  type BeforeApplicationShutdown,
  Injectable,
  type InjectionToken,
  Logger,
  type OnApplicationShutdown,
  type OnModuleInit,
  Scope,
} from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { AnyCacheDefinition } from '../cache/typed/cache-definition.js';
import type { MomentoConnection } from '../clients/momento-connection.js';
import { describeStack } from '../foundation/text/describe-error.js';
import { MomentoConfigurationError } from '../foundation/momento.errors.js';
import { quoteName } from '../foundation/text/redaction.js';
import { connectionToken } from './module.tokens.js';

/**
 * The connections of one app: each name once, all of them closed when the boot fails, and all of them closed in one place when
 * the app shuts down.
 */
@Injectable()
export class ConnectionRegistry implements OnModuleInit, BeforeApplicationShutdown, OnApplicationShutdown {
  readonly #moduleRef: ModuleRef;
  readonly #logger = new Logger('Momento');
  readonly #names = new Set<string>();
  readonly #connections = new Map<string, MomentoConnection>();
  readonly #definitions = new Map<InjectionToken, Readonly<Record<string, unknown>>>();
  #failure: { readonly error: unknown } | undefined;
  #hasBooted = false;
  #isClosed = false;

  constructor(moduleRef: ModuleRef) {
    this.#moduleRef = moduleRef;
  }

  /**
   * Takes a name before anything of its connection is made: two registrations would be two modules with clients of their
   * own, of which a service gets one or the other.
   *
   * @throws MomentoConfigurationError `duplicate-connection`
   */
  register(name: string): Promise<void> {
    return this.step(() => {
      if (this.#names.has(name)) throw duplicate(name);
      this.#names.add(name);
    });
  }

  /**
   * Does a piece of the boot. When it fails, the boot has failed: every connection is closed, also what is made later, since
   * Nest calls no shutdown hook of an app that did not start. A module that is loaded later fails alone.
   *
   * @throws what the work throws; the first failure of the boot, without doing the work, when there was one
   */
  async step<T>(work: () => T | Promise<T>): Promise<T> {
    this.#refuseLatecomers();
    try {
      const result = await work();
      this.#refuseLatecomers();
      return result;
    } catch (error) {
      if (!this.#hasBooted) {
        this.#failure ??= { error };
        await this.#closeAll();
      }
      throw error;
    }
  }

  /**
   * Makes a connection, once a name.
   *
   * @throws MomentoConfigurationError `options-not-static` when Nest makes it anew for each request
   */
  open(name: string, make: () => MomentoConnection): MomentoConnection {
    this.#refuseLatecomers();
    if (this.#connections.has(name) || this.#isClosed) throw notStatic(name);
    const connection = make();
    this.#connections.set(name, connection);
    return connection;
  }

  connectionOf(name: string): MomentoConnection | undefined {
    return this.#connections.get(name);
  }

  /**
   * Takes a definition of a cache, which may be given in several modules, with the same options.
   *
   * @throws MomentoConfigurationError `duplicate-cache`
   */
  takeDefinition(token: InjectionToken, { name, key }: AnyCacheDefinition, options: object): void {
    const taken = { ...options, key };
    const known = this.#definitions.get(token) ?? taken;
    const names = new Set([...Object.keys(known), ...Object.keys(taken)]);
    if ([...names].some((option) => Reflect.get(known, option) !== Reflect.get(taken, option)))
      throw duplicateCache(name);
    this.#definitions.set(token, known);
  }

  /** Only now is it known of each provider whether it is made anew for each request; at its own making Nest passes it over. */
  async onModuleInit(): Promise<void> {
    await this.step(() => {
      for (const name of this.#names) {
        if (this.#moduleRef.introspect(connectionToken(name)).scope !== Scope.DEFAULT) throw notStatic(name);
      }
    });
  }

  /** What fails from now on fails alone. */
  finishBoot(): void {
    this.#hasBooted = true;
  }

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all(Array.from(this.#connections.values(), (connection) => connection.stopListening()));
  }

  async onApplicationShutdown(): Promise<void> {
    this.#isClosed = true;
    await this.#closeAll();
  }

  #refuseLatecomers(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Never rejects: one that fails to close must not keep the others open. */
  async #closeAll(): Promise<void> {
    const closing = Array.from(this.#connections, async ([name, connection]) => {
      try {
        await connection.close();
      } catch (error) {
        const stack = describeStack(error);
        this.#logger.error(`The Momento connection ${quoteName(name)} failed to close.`, stack);
      }
    });
    await Promise.all(closing);
  }
}

function duplicate(name: string): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'duplicate-connection',
    `The Momento connection ${quoteName(name)} is registered more than once in this app.`,
    'Import MomentoModule.forRoot or forRootAsync once, it is global; give a second connection a name of its own.',
  );
}

function duplicateCache(name: string): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'duplicate-cache',
    `The cache ${quoteName(name)} is given to MomentoModule.forFeature more than once in a connection, with other options.`,
    'Export one definition and use it everywhere, or give the second one a name of its own.',
  );
}

function notStatic(name: string): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'options-not-static',
    `The options of the Momento connection ${quoteName(name)} are made anew for each request, and its clients with them.`,
    'Inject nothing request-scoped or durable where the options are made: one connection serves all requests.',
  );
}
