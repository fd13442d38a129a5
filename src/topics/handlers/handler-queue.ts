import type { ConnectionTelemetry } from '../../foundation/telemetry.js';
import type { InFlight } from '../../foundation/time/in-flight.js';
import type { MomentoMessageError } from '../definitions/message.error.js';
import type { TopicGap, TopicMessage, TopicMessageContext } from '../definitions/topic.options.js';
import { BoundedEvents, isGap, type Overflow } from '../listening/bounded-events.js';
import type { HandlerCall } from './handler-call.js';
import type { HandlerLog } from './handler-log.js';

/** What came of the messages of a handler: `received` is the sum of all but `gaps`. */
export interface TopicHandlerStats {
  /** Class and method. */
  readonly handler: string;
  readonly topic: string;
  readonly cacheName: string;
  readonly received: number;
  /** By the method, or by a filter when the method failed. */
  readonly handled: number;
  /** What the method threw and no filter took. */
  readonly failed: number;
  /** Not what the schema or the codec says. */
  readonly unreadable: number;
  /** For which the buffer had no room; or that waited when the app shut down. */
  readonly dropped: number;
  readonly waiting: number;
  readonly running: number;
}

interface Unreadable extends TopicMessageContext {
  readonly error: MomentoMessageError;
}
type Waiting = TopicMessage<unknown> | Unreadable;

export interface HandlerQueueOptions {
  /** Undefined where a class hears of gaps alone. */
  readonly call: HandlerCall | undefined;
  /** Told of gaps in the place of the messages that are missing. */
  readonly gapCalls: readonly HandlerCall[];
  readonly concurrency: number;
  readonly buffer: number;
  readonly overflow: Overflow;
  readonly log: HandlerLog;
  /** Counts the calls. */
  readonly inFlight: InFlight;
  readonly telemetry?: ConnectionTelemetry | undefined;
}

/** What waits for a handler, and as many calls of it as may run at a time. Nothing that users wrote throws into it. */
export class HandlerQueue {
  readonly #options: HandlerQueueOptions;
  readonly #events: BoundedEvents<Waiting>;
  readonly #counts = { received: 0, handled: 0, failed: 0, unreadable: 0, dropped: 0, running: 0 };
  #workers = 0;
  #isStopped = false;

  constructor(options: HandlerQueueOptions) {
    this.#options = options;
    this.#events = new BoundedEvents(options.buffer, options.overflow);
  }

  get counts(): Omit<TopicHandlerStats, 'handler' | 'topic' | 'cacheName'> {
    const { received, handled, failed, unreadable, dropped, running } = this.#counts;
    const waiting = received - handled - failed - unreadable - dropped - running;
    return { ...this.#counts, waiting };
  }

  message(message: TopicMessage<unknown>): void {
    this.#receive(message);
  }

  unreadable(error: MomentoMessageError, context: TopicMessageContext): void {
    this.#receive({ ...context, error });
  }

  gap(gap: TopicGap): void {
    if (this.#isStopped) return;
    this.#noteDropped(this.#events.add({ kind: 'gap', ...gap }));
    this.#work();
  }

  /** Nothing more is begun. What waits is dropped, and that is said. */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    const { waiting } = this.counts;
    this.#events.clear();
    this.#counts.dropped += waiting;
    if (waiting > 0) this.#options.log.leftOver(waiting);
  }

  #receive(event: Waiting): void {
    if (this.#isStopped) return;
    this.#counts.received += 1;
    this.#noteDropped(this.#events.add(event));
    this.#work();
  }

  #noteDropped(count: number): void {
    if (count === 0) return;
    this.#counts.dropped += count;
    this.#options.log.overflowed(this.#options.buffer);
  }

  #work(): void {
    if (this.#workers < this.#options.concurrency) void this.#handleWaiting();
  }

  /** Never rejects. */
  async #handleWaiting(): Promise<void> {
    const { inFlight } = this.#options;
    this.#workers += 1;
    inFlight.begin();
    try {
      for (let event = this.#events.take(); event !== undefined; event = this.#events.take()) {
        if (isGap(event)) await this.#tellGap(event);
        else await this.#handle(event);
      }
    } finally {
      this.#workers -= 1;
      inFlight.end();
    }
  }

  async #handle(event: Waiting): Promise<void> {
    const { call, log, telemetry } = this.#options;
    if (call === undefined) return;
    const unreadable = 'error' in event ? event.error : undefined;
    let outcome: 'handled' | 'failed' | 'unreadable' = unreadable === undefined ? 'handled' : 'unreadable';
    this.#counts.running += 1;
    try {
      if ('error' in event) await call.rescue(event.error, event);
      else if (telemetry === undefined) await call.run(event.value, event);
      else await telemetry.process(event, () => call.run(event.value, event));
    } catch (error) {
      if (unreadable === undefined) outcome = 'failed';
      // That it cannot be read is logged for all who listen.
      if (error !== unreadable) log.failed(event.cursor, error);
    }
    this.#counts.running -= 1;
    this.#counts[outcome] += 1;
  }

  async #tellGap(gap: TopicGap): Promise<void> {
    const { gapCalls, log } = this.#options;
    if (gapCalls.length === 0) log.untoldGap(gap);
    for (const call of gapCalls) {
      await call.run(gap, gap).catch((error: unknown) => log.gapFailed(call.name, gap, error));
    }
  }
}
