import { MomentoErrorCode, type SubscribeCallOptions, type TopicSubscribe } from '@gomomento/sdk';
import { Subject } from 'rxjs';
import type { ClientGeneration } from '../rotation/client-generation.js';
import { firstAbort } from '../../foundation/time/first-abort.js';
import { StreamDelivery } from './stream-delivery.js';
import type { SubscriptionContext } from './subscription-context.js';
import { StreamTrouble } from './stream-trouble.js';
import {
  createHandle,
  type LiveSubscription,
  type SubscriptionStatus,
} from './listeners/subscription-handle.js';
import { allThatIsHeld, type Cursor } from './topic-position.js';
import { TopicStream } from './topic-stream.js';

/**
 * One subscription, from stream to stream: it opens another one behind the last message whenever the one in use is lost,
 * refused, silent or old, or belongs to a key that was replaced, until it is unsubscribed or the connection closes.
 */
export class ManagedSubscription {
  /** What the caller of `subscribe()` gets: stays the same, whichever stream it stands for. */
  readonly handle: LiveSubscription;
  readonly ended: Promise<void>;
  /** Says that `status` or `streams` may have changed; completes at the end. */
  readonly changes = new Subject<void>();
  readonly #context: SubscriptionContext;
  readonly #cacheName: string;
  readonly #topicName: string;
  readonly #callbacks: SubscribeCallOptions;
  readonly #delivery: StreamDelivery;
  readonly #ending = new AbortController();
  readonly #trouble: StreamTrouble;
  #silenceLimitMs: number;
  #resolveEnded: () => void = () => undefined;
  #stream: TopicStream | undefined;
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
    this.#delivery = new StreamDelivery(callbacks);
    if (behind !== undefined) this.#delivery.position.startAt(behind);
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
    if (!over.aborted && !silent.aborted) return this.#delivery.isGapped ? 'gapped' : 'live';
    return this.#trouble.hasFailed ? 'failed' : 'reconnecting';
  }

  get streams(): number {
    return this.#streams;
  }

  /**
   * Opens the first stream.
   *
   * @param unwanted aborted when nobody waits for the answer any more
   * @returns the error when it fails; the subscription has ended then
   */
  async open(clients: ClientGeneration, unwanted?: AbortSignal): Promise<TopicSubscribe.Error | undefined> {
    const end = () => this.end();
    unwanted?.addEventListener('abort', end, { once: true });
    if (unwanted?.aborted === true) end();
    const error = await this.#openStream(clients);
    unwanted?.removeEventListener('abort', end);
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
      this.changes.next();
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
    this.#delivery.stop();
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
    this.changes.next();
    this.changes.complete();
  }

  /** Tries until there is another stream, or none is wanted. @returns the clients that it is of */
  async #openAnother(): Promise<ClientGeneration> {
    for (;;) {
      const clients = await this.#context.clients.ready();
      if (this.#ending.signal.aborted) return clients;
      const error = await this.#openStream(clients);
      if (error === undefined || this.#ending.signal.aborted) return clients;
      this.#trouble.noteRefused();
      this.changes.next();
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
    if (isAtLimit && this.#delivery.position.at !== undefined) this.#stream?.retire();
  }

  async #openStream(clients: ClientGeneration): Promise<TopicSubscribe.Error | undefined> {
    const { openings, answerTimeoutMs, timing } = this.#context;
    const { longestAnswerMs, overlapMs } = timing;
    const endpoint = clients.provider.getCacheEndpoint();
    const { position } = this.#delivery;
    const isComparable = position.isComparableAt(endpoint);
    const previous = this.#stream;
    const behind = isComparable ? (position.at ?? this.#unheard(previous?.over.aborted)) : undefined;
    // Without a message to begin behind, the next stream cannot know what the one before has handed over.
    const mustOverlap = previous?.over.aborted === false && behind === undefined;
    const stream: TopicStream = new TopicStream(
      this.#delivery.listen(() => {
        if (stream === this.#stream) this.#noteLost();
      }),
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
    this.#delivery.position.moveTo(endpoint);
    if (this.#trouble.noteLive()) this.#context.log.restored(this.#cacheName, this.#topicName);
    stream.release();
    this.changes.next();
  }

  #noteLost(): void {
    if (!this.#delivery.isStopped) this.#callbacks.onConnectionLost?.();
    this.changes.next();
  }

  /** Ends early when other clients take over, which a rejected key is a reason to look for. */
  async #pause(clients: ClientGeneration, error: TopicSubscribe.Error): Promise<void> {
    if (this.#trouble.mustTell(error) && !this.#delivery.isStopped) {
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
