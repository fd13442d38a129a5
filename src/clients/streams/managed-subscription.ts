import {
  MomentoErrorCode,
  type SubscribeCallOptions,
  TimeoutError,
  type TopicClient,
  type TopicItem,
  TopicSubscribe,
} from '@gomomento/sdk';
import { pause, withinTime } from '../../foundation/pause.js';
import { guardCallbacks } from './guarded-callbacks.js';
import type { StreamPosition, StreamPositions } from './stream-positions.js';

/** `renewed`: the subscription is moved to the new key's client; `later`: it will be, when there is a key; `never`. */
export type KeyRenewal = 'renewed' | 'later' | 'never';

/** What a subscription asks of its connection. */
export interface SubscriptionOwner {
  readonly positions: StreamPositions;
  /** How long the first answer of a stream may take, in milliseconds: a client's own deadline may be that of the stream. */
  readonly timeoutMs: number;
  /** Asks for another key, because the one of this client was rejected. */
  renewKey(rejected: TopicClient): Promise<KeyRenewal>;
  /** The subscription has ended for good. */
  ended(subscription: ManagedSubscription): void;
}

/** A stream of one client. */
interface Stream {
  readonly client: TopicClient;
  /** Not listened to any more. */
  isRetired: boolean;
  /** What came while the stream before still speaks. */
  held: (() => void)[] | undefined;
  subscription?: TopicSubscribe.Subscription;
}

/** So long two streams overlap when no message was seen that the next one could begin behind. */
const overlapMs = 1_000;

/**
 * One subscription, which moves from client to client as keys are replaced. The next stream begins behind the last
 * message seen while the one before still runs, and a number that was seen is dropped: nothing is lost, nothing comes
 * twice, and all comes in order.
 */
export class ManagedSubscription {
  /** What the caller of `subscribe()` gets: stays the same, whichever stream it stands for. */
  readonly handle: TopicSubscribe.Subscription;
  readonly #owner: SubscriptionOwner;
  readonly #cacheName: string;
  readonly #topicName: string;
  readonly #callbacks: SubscribeCallOptions;
  readonly #position: StreamPosition = { sequenceNumber: 0, sequencePage: 0 };
  #stream: Stream | undefined;
  /** The stream before, while the two overlap. */
  #previous: Stream | undefined;
  #active = true;
  /** One stream is opened at a time, so that the latest client is the last. */
  #lastOpening: Promise<unknown> = Promise.resolve();

  constructor(
    owner: SubscriptionOwner,
    cacheName: string,
    topicName: string,
    callbacks: SubscribeCallOptions,
  ) {
    this.#owner = owner;
    this.#cacheName = cacheName;
    this.#topicName = topicName;
    this.#callbacks = guardCallbacks(callbacks);
    this.handle = createHandle(
      () => this.#active,
      () => this.end(),
    );
  }

  /** Opens the first stream. */
  async open(client: TopicClient): Promise<TopicSubscribe.Response> {
    const opening = this.#openStream(client);
    this.#lastOpening = opening.catch(() => undefined);
    const response = await opening;
    if (response instanceof TopicSubscribe.Subscription) return this.handle;
    this.#active = false;
    return response;
  }

  /** Moves to another client: opens a stream there, then lets go of the one before. False when it could not be opened. */
  moveTo(client: TopicClient): Promise<boolean> {
    const moved = this.#lastOpening.then(async () => {
      if (!this.#active || this.#stream?.client === client) return true;
      return (await this.#openStream(client)) instanceof TopicSubscribe.Subscription;
    });
    this.#lastOpening = moved.catch(() => undefined);
    return moved;
  }

  /** Ends it; no callback is called afterwards, but for `onSubscriptionEnd`. */
  end(): void {
    if (!this.#active) return;
    this.#active = false;
    retire(this.#previous);
    retire(this.#stream);
    this.#owner.ended(this);
    this.#callbacks.onSubscriptionEnd?.();
  }

  async #openStream(client: TopicClient): Promise<TopicSubscribe.Response> {
    const { positions, timeoutMs } = this.#owner;
    const mustOverlap = this.#stream?.isRetired === false && this.#position.sequenceNumber === 0;
    const stream: Stream = { client, isRetired: false, held: mustOverlap ? [] : undefined };
    const opened = positions.openAt(this.#position, () =>
      client.subscribe(this.#cacheName, this.#topicName, this.#listen(stream)),
    );
    const response = (await withinTime(opened, timeoutMs)) ?? unanswered(timeoutMs);
    if (response instanceof TopicSubscribe.Error) {
      stream.isRetired = true;
      // It may still be answered, too late.
      void opened.then((late) => late instanceof TopicSubscribe.Subscription && late.unsubscribe());
      return response;
    }
    stream.subscription = response;
    if (this.#active) this.#takeOver(stream);
    else retire(stream);
    return response;
  }

  #takeOver(stream: Stream): void {
    this.#endOverlap();
    this.#previous = this.#stream;
    this.#stream = stream;
    if (stream.held === undefined) this.#endOverlap();
    // A shorter overlap would do: what was sent before the next stream stood is on its way on the one before.
    else void pause(overlapMs).then(() => stream === this.#stream && this.#endOverlap());
  }

  /** Lets go of the stream before, and hands over what the next one held back meanwhile. */
  #endOverlap(): void {
    retire(this.#previous);
    this.#previous = undefined;
    const { held = [] } = this.#stream ?? {};
    if (this.#stream !== undefined) this.#stream.held = undefined;
    for (const handOver of held) handOver();
  }

  #listen(stream: Stream): SubscribeCallOptions {
    const inTurn =
      <Args extends unknown[]>(callback: (...args: Args) => void) =>
      (...args: Args) => {
        if (!this.#active || stream.isRetired) return;
        if (stream.held === undefined) callback(...args);
        else stream.held.push(() => callback(...args));
      };
    // How a stream fares that is not the one in use is of no interest to the caller.
    const whileInUse =
      <Args extends unknown[]>(callback: (...args: Args) => void) =>
      (...args: Args) => {
        if (this.#active && stream === this.#stream) callback(...args);
      };
    return {
      onItem: inTurn((item: TopicItem) => {
        if (item.sequenceNumber() <= this.#position.sequenceNumber) return;
        this.#position.sequenceNumber = item.sequenceNumber();
        this.#callbacks.onItem?.(item);
      }),
      onDiscontinuity: inTurn((discontinuity) => {
        const sequenceNumber = discontinuity.newSequenceNumber();
        const sequencePage = discontinuity.newSequencePage();
        const isSamePage = sequencePage === this.#position.sequencePage;
        // What the other stream has already passed is no gap.
        if (isSamePage && sequenceNumber <= this.#position.sequenceNumber) return;
        Object.assign(this.#position, { sequenceNumber, sequencePage });
        this.#callbacks.onDiscontinuity?.(discontinuity);
      }),
      onHeartbeat: whileInUse((heartbeat) => this.#callbacks.onHeartbeat?.(heartbeat)),
      onConnectionLost: whileInUse(() => this.#callbacks.onConnectionLost?.()),
      onError: whileInUse((error) => void this.#recover(stream, error)),
    };
  }

  /**
   * The SDK has given the stream up. When the key was rejected, the next key carries the subscription on from the last
   * message seen, also when that key comes late; any other error is its end.
   */
  async #recover(stream: Stream, error: TopicSubscribe.Error): Promise<void> {
    const isRejected = error.errorCode() === MomentoErrorCode.AUTHENTICATION_ERROR;
    const renewal = isRejected ? await this.#owner.renewKey(stream.client) : 'never';
    if (renewal === 'renewed' || stream !== this.#stream || !this.#active) return;
    this.#callbacks.onError?.(error, this.handle);
    if (renewal === 'never') this.end();
  }
}

function retire(stream: Stream | undefined): void {
  if (stream === undefined) return;
  stream.isRetired = true;
  stream.subscription?.unsubscribe();
}

function unanswered(timeoutMs: number): TopicSubscribe.Error {
  return new TopicSubscribe.Error(new TimeoutError(`no answer to the subscription within ${timeoutMs} ms`));
}

/** An `instanceof` the SDK's class, whose constructor takes the SDK's own stream. */
function createHandle(isActive: () => boolean, unsubscribe: () => void): TopicSubscribe.Subscription {
  return Object.create(TopicSubscribe.Subscription.prototype, {
    type: { value: 'Subscription', enumerable: true },
    is_subscribed: { value: true },
    isSubscribed: { get: isActive, enumerable: true },
    unsubscribe: { value: unsubscribe },
  }) as TopicSubscribe.Subscription;
}
