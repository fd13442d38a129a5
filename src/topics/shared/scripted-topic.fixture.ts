import { NEVER } from 'rxjs';
import {
  PermissionError,
  type SubscribeCallOptions,
  TopicClient,
  TopicDiscontinuity,
  TopicItem,
  TopicSubscribe,
} from '@gomomento/sdk';
import { Published } from '../../../test/support/told.js';
import {
  createHandle,
  type SubscriptionStatus,
} from '../../clients/streams/listeners/subscription-handle.js';
import { beginningOf, noteCursor, noteGap } from '../../clients/streams/stream-events.js';
import { type Cursor, TopicPosition } from '../../clients/streams/topic-position.js';
import { Topic, type TopicEvent } from '../../local/momento/engine/topics/topic.js';

type Arrival = TopicEvent | { readonly kind: 'heartbeat' };

/** A topic of a service, and a client whose subscriptions take each of their steps when a test says so. */
export class ScriptedTopic {
  readonly published = new Published();
  readonly streams: ScriptedStream[] = [];
  readonly client: TopicClient;
  #nowMs = 0;
  #host = 1;
  #topic: Topic;

  constructor() {
    this.client = Object.create(TopicClient.prototype, {
      subscribe: {
        value: (_cache: string, _topic: string, callbacks: SubscribeCallOptions) => this.#ask(callbacks),
      },
    }) as TopicClient;
    this.#topic = this.#begin(100_000);
  }

  get host(): string {
    return `host ${this.#host}`;
  }

  /** Those that were not ended. */
  get open(): readonly ScriptedStream[] {
    return this.streams.filter(({ status }) => status !== 'closed');
  }

  publish(): void {
    this.published.add();
    this.#topic.publish({ text: '' }, '');
  }

  /** What was published until now is too old to be resumed from. */
  forget(): void {
    this.#nowMs += 6_000;
  }

  /** The topic begins anew. @returns whether it could: who is nowhere yet would lose messages, and not know it */
  restart(): boolean {
    if (!this.#allHaveAPlace()) return false;
    for (const stream of this.open) stream.lose();
    this.#topic = this.#begin(this.#topic.sequencePage + 1);
    return true;
  }

  /** The key is now one for another host, where the pages of topics happen to be smaller. @param slow who moves later */
  move(slow?: ScriptedStream): boolean {
    if (!this.#allHaveAPlace()) return false;
    this.#host += 1;
    this.#topic = this.#begin(100_000 - this.#host * 1_000);
    // One that begins at the new host is not known to be ahead of another one that is still at the old.
    const mayBeSlow = this.open.every(({ isStanding }) => isStanding);
    for (const stream of this.open) if (stream !== slow || !mayBeSlow) stream.move();
    return true;
  }

  attach(behind: Cursor | undefined, sink: (event: TopicEvent) => void): () => void {
    const from = {
      sequenceNumber: behind === undefined ? 0 : behind.number + 1,
      sequencePage: behind?.page ?? 0,
    };
    const feed = this.#topic.subscribe(from, (event) => (sink(event), true));
    return () => feed.unsubscribe();
  }

  #begin(page: number): Topic {
    this.published.begin(page);
    return new Topic(page, { now: () => this.#nowMs, historyMs: 5_000 });
  }

  #allHaveAPlace(): boolean {
    return this.open.every(({ isStanding, hasPlace }) => !isStanding || hasPlace);
  }

  #ask(callbacks: SubscribeCallOptions): Promise<TopicSubscribe.Response> {
    const stream = new ScriptedStream(this, callbacks);
    this.streams.push(stream);
    return stream.answered;
  }
}

/** One subscription, as the module's own client has it: it outlives its streams, and passes each message once. */
export class ScriptedStream {
  status: SubscriptionStatus = 'connecting';
  /** What the caller of `subscribe()` gets. */
  readonly answered: Promise<TopicSubscribe.Response>;
  readonly behind: Cursor | undefined;
  /** How many messages there were when the service began to send. */
  countAtOpening: number | undefined;
  heartbeats = 0;
  readonly #scene: ScriptedTopic;
  readonly #callbacks: SubscribeCallOptions;
  readonly #position = new TopicPosition();
  #place: Cursor | undefined;
  #arriving: Arrival[] = [];
  #detach: (() => void) | undefined;
  #answer: (response: TopicSubscribe.Response) => void = () => undefined;
  #resolveEnded: () => void = () => undefined;

  constructor(scene: ScriptedTopic, callbacks: SubscribeCallOptions) {
    this.#scene = scene;
    this.#callbacks = callbacks;
    this.behind = beginningOf(callbacks);
    this.#place = this.behind;
    if (this.behind !== undefined) this.#position.startAt(this.behind);
    this.answered = new Promise((resolve) => (this.#answer = resolve));
  }

  get isStanding(): boolean {
    return this.countAtOpening !== undefined;
  }

  /** Whether it knows where to go on. */
  get hasPlace(): boolean {
    return this.#place !== undefined;
  }

  get isLost(): boolean {
    return this.isStanding && this.#detach === undefined && this.status !== 'closed';
  }

  /** How many messages it has passed on, or would have. */
  get passed(): number {
    const place = this.#place && this.#scene.published.countAt(this.#place);
    return place ?? this.countAtOpening ?? this.#scene.published.count;
  }

  /** The service takes the request, or a later one behind the last message. */
  open(): void {
    if (this.status === 'closed' || this.#detach !== undefined) return;
    this.#position.moveTo(this.#scene.host);
    this.countAtOpening ??= this.#scene.published.count;
    this.#arriving = [{ kind: 'heartbeat' }];
    this.#detach = this.#scene.attach(this.#position.at, (event) => this.#arriving.push(event));
    if (this.status === 'reconnecting') this.status = 'live';
  }

  answer(): void {
    if (!this.isStanding || this.status !== 'connecting') return;
    this.status = this.isLost ? 'reconnecting' : 'live';
    const status = () => this.status;
    this.#answer(
      createHandle({
        get status() {
          return status();
        },
        streams: 1,
        changes: NEVER,
        ended: new Promise((resolve) => (this.#resolveEnded = resolve)),
        end: () => this.end(),
      }),
    );
  }

  refuse(): void {
    if (this.isStanding || this.status !== 'connecting') return;
    this.status = 'closed';
    this.#answer(new TopicSubscribe.Error(new PermissionError('refused')));
  }

  beat(): void {
    if (this.#detach !== undefined) this.#arriving.push({ kind: 'heartbeat' });
  }

  /** Its stream breaks. */
  lose(): void {
    if (this.#detach === undefined) return;
    this.#detach();
    this.#detach = undefined;
    this.#arriving = [];
    if (this.status === 'live') this.status = 'reconnecting';
  }

  /** To the host of the key in use. */
  move(): void {
    if (this.#detach === undefined || this.#position.isComparableAt(this.#scene.host)) return;
    this.lose();
    this.open();
  }

  /** The next of what was sent arrives. */
  deliver(): void {
    const event = this.#arriving.shift();
    if (event === undefined || this.status === 'closed') return;
    if (event.kind === 'heartbeat') {
      this.heartbeats += 1;
      return this.#callbacks.onHeartbeat?.({ toString: () => 'heartbeat' });
    }
    const isItem = event.kind === 'item';
    const place = isItem
      ? { page: event.sequencePage, number: event.sequenceNumber }
      : { page: event.newSequencePage, number: event.newSequenceNumber };
    const passage = isItem ? this.#position.passItem(place) : this.#position.passDiscontinuity(place);
    if (!passage.isNew) return;
    this.#place = place;
    if (passage.gap !== undefined || !isItem) {
      const discontinuity = new TopicDiscontinuity(0, place.number, place.page);
      if (passage.gap !== undefined) noteGap(discontinuity, passage.gap);
      this.#callbacks.onDiscontinuity?.(discontinuity);
    }
    if (!isItem) return;
    const item = new TopicItem('', event.sequenceNumber);
    noteCursor(item, place);
    this.#callbacks.onItem?.(item);
  }

  deliverAll(): void {
    while (this.#arriving.length > 0) this.deliver();
  }

  /** By the listener, or because the app closes. */
  end(): void {
    if (this.status === 'closed') return;
    this.lose();
    this.status = 'closed';
    this.#resolveEnded();
  }
}
