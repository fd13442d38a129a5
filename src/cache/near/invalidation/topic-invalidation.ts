import { randomBytes } from 'node:crypto';
import type { TopicClient, TopicItem, TopicSubscribe } from '@gomomento/sdk';
import { sdkAnswer } from '../../../clients/sdk/sdk-answer.js';
import { isLiveSubscription } from '../../../clients/streams/listeners/subscription-handle.js';
import { MomentoClosedError } from '../../../foundation/momento.errors.js';
import type { InFlight } from '../../../foundation/time/in-flight.js';
import { pause } from '../../../foundation/time/pause.js';
import type { DegradationLog } from '../../statistics/degradation-log.js';
import type { KeyHash } from './key-hash.js';
import { GatheredChanges } from './gathered-changes.js';
import type { HeardChanges, Invalidation } from './invalidation.js';
import { readMessage, writeMessage } from './message.js';

/** In each cache that has a near one. */
const invalidationTopic = 'nestjs-momento/near';

const firstPauseMs = 2_000;
const longestPauseMs = 60_000;

export interface TopicInvalidationOptions {
  readonly client: TopicClient;
  readonly cacheName: string;
  readonly heard: HeardChanges;
  /** Aborted when the connection begins to close: what is still to be told is told at once. */
  readonly closing: AbortSignal;
  readonly inFlight: InFlight;
  readonly degradations: DegradationLog;
}

/** One topic a cache, and one subscription a process: keys that were changed, as hashes, at most two messages a second. */
export class TopicInvalidation implements Invalidation {
  readonly #options: TopicInvalidationOptions;
  readonly #sender = randomBytes(8).toString('latin1');
  readonly #gathered: GatheredChanges;
  #subscription: TopicSubscribe.Subscription | undefined;
  /** Of the subscription, how many streams it had when everything kept was last known to be up to date. */
  #streams = 0;

  constructor(options: TopicInvalidationOptions) {
    this.#options = options;
    this.#gathered = new GatheredChanges({ ...options, send: (hashes) => this.#publish(hashes) });
    void this.#subscribe();
  }

  checkHearing(): boolean {
    const subscription = this.#subscription;
    if (subscription === undefined) return false;
    if (!isLiveSubscription(subscription)) return subscription.isSubscribed;
    const { streams, status } = subscription;
    if (streams !== this.#streams) {
      // Between two streams messages may have been lost, of which a topic that was silent before does not tell.
      this.#streams = streams;
      this.#options.heard.anythingChanged();
    }
    return status === 'live' || status === 'gapped';
  }

  tell(hashes: readonly KeyHash[]): void {
    this.#gathered.add(hashes);
  }

  async #publish(hashes: readonly KeyHash[]): Promise<void> {
    const { client, cacheName } = this.#options;
    const message = writeMessage({ sender: this.#sender, hashes });
    await sdkAnswer(client.publish(cacheName, invalidationTopic, message), () => undefined);
  }

  /** Never rejects. Once it stands, a subscription of this library's own client goes on until the connection closes. */
  async #subscribe(): Promise<void> {
    const { client, cacheName, closing, degradations } = this.#options;
    const callbacks = {
      onItem: (item: TopicItem) => this.#hear(item),
      onDiscontinuity: () => this.#options.heard.anythingChanged(),
      onConnectionLost: () => this.#options.heard.anythingChanged(),
    };
    for (let pauseMs = firstPauseMs; !closing.aborted; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        this.#subscription = await sdkAnswer(
          client.subscribe(cacheName, invalidationTopic, callbacks),
          (subscription) => subscription,
        );
        return;
      } catch (error) {
        if (error instanceof MomentoClosedError) return;
        degradations.warn('hear', error);
        await pause(pauseMs, { signal: closing });
      }
    }
  }

  #hear(item: TopicItem): void {
    const message = readMessage(item.valueUint8Array());
    if (message === undefined || message.sender === this.#sender) return;
    if (message.hashes.length === 0) this.#options.heard.anythingChanged();
    else this.#options.heard.changed(message.hashes);
  }
}
