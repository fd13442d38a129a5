import { type SubscribeCallOptions, TimeoutError, type TopicClient, TopicSubscribe } from '@gomomento/sdk';
import { Logger } from '@nestjs/common';

/** Every subscription that is open, because the SDK's `TopicClient` cannot be closed, only its subscriptions can. */
export class LiveSubscriptions {
  readonly #logger = new Logger('Momento TopicClient');
  readonly #open = new Set<TopicSubscribe.Subscription>();
  #closed = false;

  get size(): number {
    return this.#open.size;
  }

  /**
   * Subscribes, within the time given: the client's own deadline is that of the stream. A subscription that comes too
   * late is ended.
   */
  async subscribe(
    client: TopicClient,
    cacheName: string,
    topicName: string,
    options: SubscribeCallOptions,
    timeoutMs: number,
  ): Promise<TopicSubscribe.Response> {
    let overdue = false;
    const subscribed = client.subscribe(cacheName, topicName, this.#guard(options)).then((response) => {
      if (!(response instanceof TopicSubscribe.Subscription)) return response;
      if (overdue || this.#closed) response.unsubscribe();
      else this.#open.add(response);
      return response;
    });
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<TopicSubscribe.Error>((resolve) => {
      timer = setTimeout(() => {
        overdue = true;
        resolve(
          new TopicSubscribe.Error(new TimeoutError(`No answer to the subscription within ${timeoutMs} ms`)),
        );
      }, timeoutMs);
    });
    return Promise.race([subscribed, timeout]).finally(() => clearTimeout(timer));
  }

  unsubscribeAll(): void {
    this.#closed = true;
    for (const subscription of this.#open) subscription.unsubscribe();
    this.#open.clear();
  }

  /** A callback that throws would be an uncaught exception inside the SDK, and would stall the stream. */
  #guard(options: SubscribeCallOptions): SubscribeCallOptions {
    const guarded = Object.entries(options).map(([name, callback]: [string, unknown]) => [
      name,
      isCallback(callback)
        ? (...args: unknown[]) => this.#call(name, () => callback.apply(options, args))
        : callback,
    ]);
    return {
      ...(Object.fromEntries(guarded) as SubscribeCallOptions),
      onSubscriptionEnd: () => {
        this.#call('onSubscriptionEnd', () => options.onSubscriptionEnd?.());
        this.#forgetEnded();
      },
    };
  }

  #call(name: string, callback: () => unknown): void {
    const report = (error: unknown) =>
      this.#logger.error(
        `${name} of a topic subscription threw.`,
        error instanceof Error ? error.stack : String(error),
      );
    try {
      const outcome = callback();
      if (outcome instanceof Promise) outcome.catch(report);
    } catch (error) {
      report(error);
    }
  }

  /** The SDK reports an end at each reconnect as well, so it is the subscription that is asked. */
  #forgetEnded(): void {
    for (const subscription of this.#open) if (!subscription.isSubscribed) this.#open.delete(subscription);
  }
}

function isCallback(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === 'function';
}
