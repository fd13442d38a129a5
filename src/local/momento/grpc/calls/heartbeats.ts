import { pubsub } from '@gomomento/generated-types';
import type { ResponseStream } from './response-stream.js';

type SubscriptionItem = pubsub.cache_client.pubsub._SubscriptionItem;

const { _Heartbeat: Heartbeat, _SubscriptionItem: SubscriptionItem } = pubsub.cache_client.pubsub;

/** Tells each open subscription at once, and then at a regular interval, that it is alive. */
export class Heartbeats {
  readonly #streams = new Set<ResponseStream<SubscriptionItem>>();
  readonly #intervalMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  start(stream: ResponseStream<SubscriptionItem>): void {
    stream.write(heartbeat());
    this.#streams.add(stream);
    this.#timer ??= setInterval(() => this.#beat(), this.#intervalMs).unref();
    stream.call.onEnd(() => this.#stop(stream));
  }

  #stop(stream: ResponseStream<SubscriptionItem>): void {
    this.#streams.delete(stream);
    if (this.#streams.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
    }
  }

  #beat(): void {
    for (const stream of this.#streams) {
      // Who lags has proof of life waiting, and heartbeats must not pile up behind it.
      if (!stream.lags) {
        stream.write(heartbeat());
      }
    }
  }
}

function heartbeat(): SubscriptionItem {
  return new SubscriptionItem({ heartbeat: new Heartbeat() });
}
