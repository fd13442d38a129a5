import type { Logger } from '@nestjs/common';
import { combineLatest, map, type Subject, type Subscription } from 'rxjs';
import { Listeners } from '../foundation/events/listeners.js';
import { LogThrottle } from '../foundation/log-throttle.js';
import type { TopicGap, TopicSubscription } from '../topics/definitions/topic.options.js';

/** As Nest's own transports say it. `reconnecting`: at least one topic is not heard at the moment. */
export type MomentoTransportStatus = 'connected' | 'reconnecting' | 'disconnected';

/** What `on()` takes. A type, since Nest's own is a record. */
export type MomentoTransportEvents = {
  connected: () => void;
  reconnecting: () => void;
  disconnected: () => void;
  /** Packets that Momento no longer held when a subscription came back. */
  gap: (gap: TopicGap) => void;
};

type Payloads = { [Event in keyof MomentoTransportEvents]: Parameters<MomentoTransportEvents[Event]>[0] };

/** How a server or a client is, told to who asked for it; and what is strange, logged at most every 10 s a kind and counted. */
export class TransportState {
  readonly #logger: Logger;
  readonly #status: Pick<Subject<MomentoTransportStatus>, 'next'>;
  readonly #listeners: Listeners<Payloads>;
  readonly #throttle = new LogThrottle();
  #last: MomentoTransportStatus | undefined;
  #watching: Subscription | undefined;

  /** @param status Nest's own subject */
  constructor(logger: Logger, status: Pick<Subject<MomentoTransportStatus>, 'next'>) {
    this.#logger = logger;
    this.#status = status;
    this.#listeners = new Listeners(logger);
  }

  on(
    event: keyof MomentoTransportEvents,
    callback: MomentoTransportEvents[keyof MomentoTransportEvents],
  ): void {
    this.#listeners.on(event, callback as (payload: unknown) => void);
  }

  /** Follows these subscriptions, in place of others. */
  watch(subscriptions: readonly TopicSubscription[]): void {
    this.#watching?.unsubscribe();
    if (subscriptions.length === 0) return this.#say('connected');
    this.#watching = combineLatest(subscriptions.map(({ states }) => states))
      .pipe(map((states) => worstOf(states.map(({ status }) => status))))
      .subscribe((status) => this.#say(status));
  }

  close(): void {
    this.#watching?.unsubscribe();
    if (this.#last !== undefined) this.#say('disconnected');
  }

  gap(gap: TopicGap, line: string): void {
    this.warn(`gap: ${gap.topic}`, line);
    this.#listeners.emit('gap', () => gap);
  }

  warn(kind: string, line: string): void {
    this.#throttle.say(kind, line, (said) => this.#logger.warn(said));
  }

  #say(status: MomentoTransportStatus): void {
    if (status === this.#last) return;
    this.#last = status;
    this.#status.next(status);
    this.#listeners.emit(status, () => undefined);
  }
}

function worstOf(statuses: readonly string[]): MomentoTransportStatus {
  if (statuses.includes('closed')) return 'disconnected';
  return statuses.every((status) => status === 'live' || status === 'gapped') ? 'connected' : 'reconnecting';
}
