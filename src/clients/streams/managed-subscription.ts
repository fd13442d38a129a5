import {
  MomentoErrorCode,
  type SubscribeCallOptions,
  TopicDiscontinuity,
  type TopicSubscribe,
} from '@gomomento/sdk';
import type { ClientGeneration } from '../rotation/client-generation.js';
import { firstAbort } from '../../foundation/time/first-abort.js';
import { noteCursor, noteGap } from './stream-events.js';
import type { SubscriptionContext } from './subscription-context.js';
import { StreamTrouble } from './stream-trouble.js';
import {
  createHandle,
  type LiveSubscription,
  type SubscriptionStatus,
} from './listeners/subscription-handle.js';
import { allThatIsHeld, type Cursor, type Passage, TopicPosition } from './topic-position.js';
import { type StreamListener, TopicStream } from './topic-stream.js';

/**
 * One subscription, from stream to stream: it opens another one behind the last message whenever the one in use is lost,
 * refused, silent or old, or belongs to a key that was replaced, until it is unsubscribed or the connection closes.
 */
export class ManagedSubscription {
  /** What the caller of `subscribe()` gets: stays the same, whichever stream it stands for. */
  readonly handle: LiveSubscription;
  readonly ended: Promise<void>;
  readonly #context: SubscriptionContext;
  readonly #cacheName: string;
  readonly #topicName: string;
  readonly #callbacks: SubscribeCallOptions;
  readonly #position = new TopicPosition();
  readonly #ending = new AbortController();
  readonly #trouble: StreamTrouble;
  #silenceLimitMs: number;
  #resolveEnded: () => void = () => undefined;
  #stream: TopicStream | undefined;
  #isDelivering = true;
  #isGapped = false;
  #streams = 0;
  /** From then on all that is held was published since it listens. */
  #allIsNewAfterMs = Infinity;
  /**
   * @param callbacks of the user, guarded
   * @param behind the message that it begins behind; undefined: with the next one
   */
  constructor(
    context: SubscriptionContext,
    cacheName: string,
    topicName: string,
    callbacks: SubscribeCallOptions,
    behind?: Cursor,
  ) {
    if (behind !== undefined) this.#position.startAt(behind);
    this.#context = context;
    this.#trouble = new StreamTrouble(context.timing);
    this.#silenceLimitMs = context.timing.silenceLimitMs;
    this.#cacheName = cacheName;
    this.#topicName = topicName;
    this.#callbacks = callbacks;
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    this.handle = createHandle(this);
  }

  get status(): SubscriptionStatus {
    if (this.#ending.signal.aborted) return 'closed';
    if (this.#stream === undefined) return 'connecting';
    const { over, silent } = this.#stream;
    if (!over.aborted && !silent.aborted) return this.#isGapped ? 'gapped' : 'live';
    return this.#trouble.hasFailed ? 'failed' : 'reconnecting';
  }

  get streams(): number {
    return this.#streams;
  }

  /** Opens the first stream. @returns the error when it fails; the subscription has ended then */
  async open(clients: ClientGeneration): Promise<TopicSubscribe.Error | undefined> {
    const error = await this.#openStream(clients);
    if (error !== undefined) this.#finish();
    return error;
  }

  /** Stays subscribed, behind the first stream. @throws MomentoClosedError when the connection has closed */
  async follow(first: ClientGeneration): Promise<void> {
    const { timing } = this.#context;
    let clients = first;
    while (!this.#ending.signal.aborted && this.#stream !== undefined) {
      const { over, silent } = this.#stream;
      const limitMs = timing.renewAfterMs * (1 - timing.random() / 4);
      await firstAbort([over, silent, clients.superseded, this.#ending.signal], { limitMs });
      this.#adaptSilenceLimit(this.#stream);
      const { error, openedAt } = this.#stream;
      if (error !== undefined) {
        this.#trouble.noteLost(performance.now() - openedAt);
        await this.#pause(clients, error);
      }
      clients = await this.#openAnother();
    }
  }

  /** No callback is called afterwards, but for `onSubscriptionEnd`; the stream stays until `end()`. */
  stopDelivery(): void {
    this.#isDelivering = false;
  }

  /** Ends it; no callback is called afterwards, but for `onSubscriptionEnd`. */
  end(): void {
    if (this.#ending.signal.aborted) return;
    this.#finish();
    this.#callbacks.onSubscriptionEnd?.();
  }

  #finish(): void {
    this.stopDelivery();
    this.#ending.abort();
    this.#stream?.retire();
    this.#resolveEnded();
  }

  /** Tries until there is another stream, or none is wanted. @returns the clients that it is of */
  async #openAnother(): Promise<ClientGeneration> {
    for (;;) {
      const clients = await this.#context.clients.ready();
      if (this.#ending.signal.aborted) return clients;
      const error = await this.#openStream(clients);
      if (error === undefined || this.#ending.signal.aborted) return clients;
      this.#trouble.noteRefused();
      if (this.#stream?.silent.aborted === true) this.#stream.giveUp(error);
      this.#makeRoom(error);
      await this.#pause(clients, error);
    }
  }

  /** Where heartbeats are rare, silence says little: only where they come regularly is it noticed as soon as it can be. */
  #adaptSilenceLimit({ silent, hasPulse }: TopicStream): void {
    const { silenceLimitMs, longestSilenceLimitMs } = this.#context.timing;
    if (hasPulse) this.#silenceLimitMs = silenceLimitMs;
    else if (silent.aborted) this.#silenceLimitMs = Math.min(this.#silenceLimitMs * 2, longestSilenceLimitMs);
  }

  /** At the limit of the account two streams cannot overlap. Behind a message they need not. */
  #makeRoom(error: TopicSubscribe.Error): void {
    const isAtLimit = error.errorCode() === MomentoErrorCode.LIMIT_EXCEEDED_ERROR;
    if (isAtLimit && this.#position.at !== undefined) this.#stream?.retire();
  }

  async #openStream(clients: ClientGeneration): Promise<TopicSubscribe.Error | undefined> {
    const { openings, answerTimeoutMs, timing } = this.#context;
    const { longestAnswerMs, overlapMs } = timing;
    const endpoint = clients.provider.getCacheEndpoint();
    const isComparable = this.#position.isComparableAt(endpoint);
    const previous = this.#stream;
    const behind = isComparable ? (this.#position.at ?? this.#unheard(previous?.over.aborted)) : undefined;
    // Without a message to begin behind, the next stream cannot know what the one before has handed over.
    const mustOverlap = previous?.over.aborted === false && behind === undefined;
    const stream: TopicStream = new TopicStream(
      this.#listen(() => stream === this.#stream),
      mustOverlap || !isComparable,
    );
    const error = await stream.open({
      client: clients.subscriptionClient,
      openings,
      cacheName: this.#cacheName,
      topicName: this.#topicName,
      behind,
      answerLimitMs: previous === undefined ? answerTimeoutMs : Math.min(answerTimeoutMs, longestAnswerMs),
      silenceLimitMs: this.#silenceLimitMs,
      ending: this.#ending.signal,
    });
    if (error !== undefined) return error;
    if (behind === undefined && !mustOverlap)
      this.#allIsNewAfterMs = performance.now() + timing.surelyForgottenMs;
    if (mustOverlap) {
      await firstAbort([previous.over, stream.over, this.#ending.signal], { limitMs: overlapMs });
      if (stream.over.aborted && !previous.over.aborted) {
        stream.retire();
        return stream.error;
      }
    }
    if (this.#ending.signal.aborted) stream.retire();
    else this.#takeOver(stream, previous, endpoint);
    return undefined;
  }

  /** What was published since the stream was lost, where nothing else is held: it would have been heard before. */
  #unheard(isLost = false): Cursor | undefined {
    return isLost && performance.now() > this.#allIsNewAfterMs ? allThatIsHeld : undefined;
  }

  #takeOver(stream: TopicStream, previous: TopicStream | undefined, endpoint: string): void {
    previous?.retire();
    this.#stream = stream;
    this.#streams += 1;
    this.#position.moveTo(endpoint);
    if (this.#trouble.noteLive()) this.#context.log.restored(this.#cacheName, this.#topicName);
    stream.release();
  }

  #listen(isInUse: () => boolean): StreamListener {
    return {
      onItem: (item, cursor) => {
        if (!this.#isDelivering) return;
        const passage = this.#position.passItem(cursor);
        if (!passage.isNew) return;
        noteCursor(item, cursor);
        this.#isGapped = passage.gap !== undefined;
        if (passage.gap !== undefined) {
          const { from, to } = passage.gap;
          this.#tellGap(passage, new TopicDiscontinuity(from.number, to.number, to.page));
        }
        this.#callbacks.onItem?.(item);
      },
      onDiscontinuity: (discontinuity) => {
        if (!this.#isDelivering) return;
        const [page, number] = [discontinuity.newSequencePage(), discontinuity.newSequenceNumber()];
        const passage = this.#position.passDiscontinuity({ page, number });
        if (!passage.isNew) return;
        this.#isGapped = passage.gap !== undefined;
        this.#tellGap(passage, discontinuity);
      },
      onHeartbeat: (heartbeat) => {
        if (this.#isDelivering) this.#callbacks.onHeartbeat?.(heartbeat);
      },
      onLost: () => {
        if (this.#isDelivering && isInUse()) this.#callbacks.onConnectionLost?.();
      },
    };
  }

  #tellGap(passage: Passage, discontinuity: TopicDiscontinuity): void {
    if (passage.isNew && passage.gap !== undefined) noteGap(discontinuity, passage.gap);
    this.#callbacks.onDiscontinuity?.(discontinuity);
  }

  /** Ends early when other clients take over, which a rejected key is a reason to look for. */
  async #pause(clients: ClientGeneration, error: TopicSubscribe.Error): Promise<void> {
    if (this.#trouble.mustTell(error) && this.#isDelivering) {
      this.#context.log.refused(this.#cacheName, this.#topicName, error);
      this.#callbacks.onError?.(error, this.handle);
    }
    const limitMs = this.#trouble.nextPauseMs();
    if (error.errorCode() === MomentoErrorCode.AUTHENTICATION_ERROR) {
      // Aborts `superseded` when it finds one.
      void this.#context.clients.renewRejected(clients, limitMs).catch(() => undefined);
    }
    // A process that does nothing but listen must not end while it waits.
    await firstAbort([clients.superseded, this.#ending.signal], { limitMs, holdsProcess: true });
  }
}
