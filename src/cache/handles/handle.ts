import type { CacheClient } from '@gomomento/sdk';
import { callMomento, type ErrorResponse } from '../../clients/sdk/sdk-answer.js';
import type { MomentoCodec } from '../../foundation/momento.codecs.js';
import { MomentoCacheError, type MomentoOperation } from '../../foundation/momento.errors.js';
import type { InFlight } from '../../foundation/time/in-flight.js';
import { invalidArgument } from '../options/cache-call.js';

/** What a handle takes over from the cache that it is made by. */
export interface HandleContext {
  /** The injected one, which stays usable when the key changes. */
  readonly client: CacheClient;
  readonly cacheName: string;
  readonly keyPrefix: string;
  readonly codec: MomentoCodec;
  /** Undefined: the client's default. */
  readonly ttlSeconds: number | undefined;
  /** Aborted when the connection closes. */
  readonly signal: AbortSignal;
  /** Counts the work that the connection is not closed under. */
  readonly inFlight: InFlight;
}

/** Something of one kind and name in a cache. */
export class Handle {
  readonly context: HandleContext;
  readonly name: string;
  readonly #kind: string;

  /**
   * @param kind the method of the cache that made it, as it stands in errors
   * @throws MomentoCacheError `INVALID_ARGUMENT_ERROR` when the name is not a filled string
   */
  constructor(context: HandleContext, kind: string, name: string) {
    this.context = context;
    this.name = name;
    this.#kind = kind;
    this.#call(kind).filled('name', name);
  }

  /** The key in Momento of the thing as a whole. */
  get key(): string {
    return this.context.keyPrefix + this.name;
  }

  /** A call of one of the handle's methods. */
  call(method: string): HandleCall {
    return this.#call(`${this.#kind}.${method}`);
  }

  #call(operationName: string): HandleCall {
    const { context, name } = this;
    return new HandleCall(context, { name: operationName, cacheName: context.cacheName, target: name });
  }
}

/** One call: checks what it is given, since the SDK checks no types at run time, and makes its requests. */
export class HandleCall {
  readonly operation: MomentoOperation;
  readonly #context: HandleContext;

  constructor(context: HandleContext, operation: MomentoOperation) {
    this.#context = context;
    this.operation = operation;
  }

  /** @throws MomentoCacheError of this operation */
  send<R extends object>(
    request: (client: CacheClient, cacheName: string) => Promise<R>,
  ): Promise<Exclude<R, ErrorResponse>> {
    const { client, cacheName } = this.#context;
    return callMomento(this.operation, request(client, cacheName), MomentoCacheError);
  }

  /** The text, as it comes back: half a pair of surrogates, which UTF-8 does not have, would come back as another one. */
  text(what: string, value: string): string {
    if (typeof value === 'string' && !/\p{Surrogate}/u.test(value)) return value;
    throw this.invalid(`the ${what} is not a string of whole characters`);
  }

  filled(what: string, value: string): string {
    if (value !== '') return this.text(what, value);
    throw this.invalid(`the ${what} is empty`);
  }

  wholeNumber(what: string, value: number, lowest = Number.MIN_SAFE_INTEGER): number {
    if (Number.isSafeInteger(value) && value >= lowest) return value;
    const bound = lowest === Number.MIN_SAFE_INTEGER ? '' : ` of ${lowest} or more`;
    throw this.invalid(`${what} is ${String(value)}, not a whole number${bound}`);
  }

  invalid(reason: string): MomentoCacheError {
    return invalidArgument(this.operation, reason);
  }
}
