import { MomentoErrorCode } from '@gomomento/sdk';
import type { Logger } from '@nestjs/common';
import { connectionLogger } from '../../foundation/connection-logger.js';
import { LogThrottle } from '../../foundation/log-throttle.js';
import { MomentoConfigurationError, MomentoServiceError } from '../../foundation/momento.errors.js';
import type { ConnectionTelemetry } from '../../foundation/telemetry.js';
import { describeError } from '../../foundation/text/describe-error.js';
import type { InFlight } from '../../foundation/time/in-flight.js';
import type { TopicCall, TopicCalls } from '../definitions/topic-calls.js';
import type { MessageHandling } from '../listening/message-handling.js';
import { keepTrying } from '../shared/keep-trying.js';
import type { SharedTopics } from '../shared/shared-topics.js';
import type { HandlerCall } from './handler-call.js';
import { HandlerLog } from './handler-log.js';
import { HandlerQueue, type TopicHandlerStats } from './handler-queue.js';
import type { Declaration } from './on-topic.js';

/** A declaration of a method, and what is called for it. */
export interface DeclaredHandler {
  readonly declaration: Declaration;
  readonly call: HandlerCall;
  /** The same for all handlers of one instance: its gaps are told to its gap handlers. */
  readonly owner: object;
}

export interface TopicHandlersOptions {
  readonly calls: TopicCalls;
  readonly handling: MessageHandling;
  readonly shared: SharedTopics;
  readonly inFlight: InFlight;
  /** Aborted when the app begins to shut down. */
  readonly closing: AbortSignal;
  readonly connectionName: string | undefined;
  readonly telemetry: ConnectionTelemetry | undefined;
}

interface Listening {
  readonly name: string;
  readonly called: TopicCall;
  readonly queue: HandlerQueue;
  readonly hears: { readonly messages: boolean; readonly gaps: boolean };
}

/** With these a subscription is tried again, where the app may start without Momento. */
const passing: ReadonlySet<string> = new Set([
  MomentoErrorCode.SERVER_UNAVAILABLE,
  MomentoErrorCode.INTERNAL_SERVER_ERROR,
  MomentoErrorCode.TIMEOUT_ERROR,
  MomentoErrorCode.CANCELLED_ERROR,
]);

/** The handlers that the app's classes declare for the topics of a connection. */
export class TopicHandlers {
  readonly #options: TopicHandlersOptions;
  readonly #logger: Logger;
  readonly #throttle = new LogThrottle();
  #listenings: readonly Listening[] = [];
  #ready: Promise<unknown> = Promise.resolve();

  constructor(options: TopicHandlersOptions) {
    this.#options = options;
    this.#logger = connectionLogger('TopicService', options.connectionName);
  }

  /** The caches in which they listen. @throws MomentoConfigurationError `cache-name-missing`, `other-connection` */
  cacheNamesOf(handlers: readonly DeclaredHandler[]): ReadonlySet<string> {
    return new Set(handlers.map((handler) => this.#callOf(handler).operation.cacheName));
  }

  /**
   * Subscribes them.
   *
   * @param isPatient whether what may pass is tried again in the background
   * @throws MomentoTopicError
   */
  async start(handlers: readonly DeclaredHandler[], isPatient: boolean): Promise<void> {
    this.#listenings = this.#plan(handlers);
    const begun = this.#listenings.map((one) => this.#begin(one, isPatient));
    this.#ready = Promise.all(begun.map(async (one) => (await one).stands));
    this.#ready.catch(() => undefined);
    await Promise.all(begun);
  }

  /** Resolves when all of them are subscribed. @throws MomentoTopicError when one cannot be */
  async ready(): Promise<void> {
    await this.#ready;
  }

  stats(): TopicHandlerStats[] {
    return this.#listenings.map(({ name, called: { operation }, queue }) => ({
      handler: name,
      topic: operation.target ?? '',
      cacheName: operation.cacheName,
      ...queue.counts,
    }));
  }

  /** Subscribes it, or goes on trying. @returns when it stands */
  async #begin(listening: Listening, isPatient: boolean): Promise<{ readonly stands: Promise<unknown> }> {
    const { closing } = this.#options;
    const mayPass = (error: unknown) => {
      if (closing.aborted) return true;
      const isTried = isPatient && isPassing(error);
      if (isTried) this.#warn(listening, error);
      return isTried;
    };
    try {
      await this.#listen(listening);
      return { stands: Promise.resolve() };
    } catch (error) {
      if (!mayPass(error)) throw error;
    }
    const attempt = () => this.#listen(listening);
    const stands = keepTrying(attempt, { signal: closing, onFailure: mayPass, hasFailed: true });
    stands.catch((error: unknown) => this.#logger.error(describeError(error)));
    return { stands };
  }

  async #listen({ called, queue, hears }: Listening): Promise<void> {
    const { handling, shared } = this.#options;
    const { operation, form } = called;
    const events = handling.read<unknown>(operation, form, {
      message: (message) => {
        if (hears.messages) queue.message(message);
      },
      unreadable: (error, context) => {
        if (hears.messages) queue.unreadable(error, context);
      },
      gap: (gap) => {
        if (hears.gaps) queue.gap(gap);
      },
      closing: () => {
        queue.stop();
        return true;
      },
      ended: () => queue.stop(),
    });
    await shared.listen(operation, events);
  }

  /** A queue for each handler of messages; or for all that hear of gaps, in a class where nothing hears messages. */
  #plan(handlers: readonly DeclaredHandler[]): Listening[] {
    const planned = handlers.map((handler) => ({ ...handler, called: this.#callOf(handler) }));
    const isSameTopic = (one: (typeof planned)[number], other: (typeof planned)[number]) =>
      one.owner === other.owner &&
      one.called.operation.cacheName === other.called.operation.cacheName &&
      one.called.operation.target === other.called.operation.target;
    const listenings: Listening[] = [];
    for (const one of planned) {
      const ofTopic = planned.filter((other) => isSameTopic(one, other));
      const messages = ofTopic.filter(({ declaration }) => declaration.hears === 'messages');
      const gaps = ofTopic.filter(({ declaration }) => declaration.hears === 'gaps');
      const hearsMessages = one.declaration.hears === 'messages';
      // Each gap is told once: where the first handler of messages has come to it.
      const hearsGaps = one === (messages[0] ?? gaps[0]);
      if (!hearsMessages && !hearsGaps) continue;
      const { concurrency = 1, buffer = 1_000, overflow = 'drop-oldest' } = one.declaration;
      const queue = new HandlerQueue({
        call: hearsMessages ? one.call : undefined,
        gapCalls: gaps.map(({ call }) => call),
        concurrency,
        buffer,
        overflow,
        log: this.#logOf(one),
        inFlight: this.#options.inFlight,
        telemetry: this.#options.telemetry,
      });
      const hears = { messages: hearsMessages, gaps: hearsGaps };
      listenings.push({ name: one.call.name, called: one.called, queue, hears });
    }
    return listenings;
  }

  #logOf({
    call: { name },
    called: { operation },
  }: DeclaredHandler & { readonly called: TopicCall }): HandlerLog {
    const { handling } = this.#options;
    return new HandlerLog({ logger: this.#logger, throttle: this.#throttle, handling, operation, name });
  }

  #callOf({ declaration }: DeclaredHandler): TopicCall {
    const { topic, cacheName } = declaration;
    return this.#options.calls.of('OnTopic', topic, cacheName === undefined ? {} : { cacheName });
  }

  #warn({ name }: Listening, error: unknown): void {
    const line = `${describeError(error)} The handler ${name} hears nothing yet; it is tried again.`;
    this.#throttle.say('not subscribed', line, (said) => this.#logger.warn(said));
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof MomentoConfigurationError) return error.code === 'momento-unreachable';
  return error instanceof MomentoServiceError && passing.has(error.code);
}
