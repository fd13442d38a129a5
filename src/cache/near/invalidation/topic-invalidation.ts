import { randomBytes } from 'node:crypto';
import type { TopicClient, TopicItem } from '@gomomento/sdk';
import { sdkAnswer } from '../../../clients/sdk/sdk-answer.js';
import { MomentoClosedError } from '../../../foundation/momento.errors.js';
import type { InFlight } from '../../../foundation/time/in-flight.js';
import { keepTrying } from '../../../topics/shared/keep-trying.js';
import type { Listening, SharedTopics } from '../../../topics/shared/shared-topics.js';
import type { DegradationLog } from '../../statistics/degradation-log.js';
import type { KeyHash } from './key-hash.js';
import { GatheredChanges } from './gathered-changes.js';
import type { HeardChanges, Invalidation } from './invalidation.js';
import { readMessage, writeMessage } from './message.js';

/** In each cache that has a near one. */
const invalidationTopic = 'nestjs-momento/near';

export interface TopicInvalidationOptions {
  readonly client: TopicClient;
  /** Of the connection: what it subscribes by. */
  readonly topics: SharedTopics;
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
  #listening: Listening | undefined;
  /** Of the subscription, how many streams it had when everything kept was last known to be up to date. */
  #streams = 0;

  constructor(options: TopicInvalidationOptions) {
    this.#options = options;
    this.#gathered = new GatheredChanges({ ...options, send: (hashes) => this.#publish(hashes) });
    void this.#subscribe();
  }

  checkHearing(): boolean {
    const listening = this.#listening;
    if (listening === undefined) return false;
    const { streams, status } = listening;
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

  /** Never rejects. Once it stands, it goes on until the connection closes. */
  async #subscribe(hasFailed = false): Promise<void> {
    const { topics, cacheName, closing, degradations, heard } = this.#options;
    const operation = { name: 'subscribe', cacheName, target: invalidationTopic };
    let hasEnded = false;
    const listen = () => {
      hasEnded = false;
      return topics.listen(operation, {
        item: (item) => this.#hear(item),
        gap: () => heard.anythingChanged(),
        lost: () => heard.anythingChanged(),
        ended: () => {
          hasEnded = true;
          this.#end();
        },
      });
    };
    const onFailure = (error: unknown) => {
      if (error instanceof MomentoClosedError) return false;
      degradations.warn('hear', error);
      return true;
    };
    try {
      this.#listening = await keepTrying(listen, { signal: closing, onFailure, hasFailed });
      // Before it was known that it stands.
      if (hasEnded) this.#end();
    } catch {
      // The connection has closed.
    }
  }

  #end(): void {
    if (this.#listening === undefined) return;
    this.#listening = undefined;
    this.#streams = 0;
    this.#options.heard.anythingChanged();
    // With a pause: one that ends each time must not be asked for without end.
    void this.#subscribe(true);
  }

  #hear(item: TopicItem): void {
    const message = readMessage(item.valueUint8Array());
    if (message === undefined || message.sender === this.#sender) return;
    if (message.hashes.length === 0) this.#options.heard.anythingChanged();
    else this.#options.heard.changed(message.hashes);
  }
}
