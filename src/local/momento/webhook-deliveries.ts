import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { isLoopback } from '../loopback.js';
import type { Cache } from './engine/cache.js';
import type { TopicValue } from './engine/topics/topic.js';

/** A message of a topic, as it was published. */
export interface PublishedMessage {
  readonly cache: Cache;
  readonly topicName: string;
  readonly sequenceNumber: number;
  readonly tokenId: string;
  readonly value: TopicValue;
}

/** The service's own limit. */
const DELIVERY_TIMEOUT_MS = 5000;

/**
 * Posts the messages of topics to their webhooks, each once, signed as the service signs them. Only to plain HTTP on this very
 * machine: whatever a test stores as the destination of a webhook, nothing leaves it.
 */
export class WebhookDeliveries {
  readonly #inFlight = new AbortController();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  deliver(message: PublishedMessage): void {
    const webhooks = message.cache.webhooks.of(message.topicName).filter(({ url }) => isHere(url));
    if (webhooks.length === 0) {
      return;
    }
    const body = JSON.stringify(this.#eventOf(message));
    for (const { url, secret } of webhooks) {
      // As at the service, a delivery that fails is lost.
      this.#post(url, body, secret).catch(() => undefined);
    }
  }

  /** Gives up what is under way. */
  close(): void {
    this.#inFlight.abort();
  }

  async #post(url: string, body: string, secret: string): Promise<void> {
    const posting = request(url, {
      method: 'POST',
      // A connection of its own, so that none stays open when the server has stopped.
      agent: false,
      headers: {
        'content-type': 'application/json',
        'user-agent': 'momento',
        'momento-signature': createHmac('SHA3-256', secret).update(body).digest('hex'),
      },
      signal: AbortSignal.any([this.#inFlight.signal, AbortSignal.timeout(DELIVERY_TIMEOUT_MS)]),
    });
    posting.end(body);
    await once(posting, 'response');
    posting.destroy();
  }

  #eventOf({ cache, topicName, sequenceNumber, tokenId, value }: PublishedMessage): object {
    const publishedAtMs = Math.floor(this.#now());
    return {
      cache: cache.name,
      topic: topicName,
      event_timestamp: publishedAtMs,
      publish_timestamp: publishedAtMs,
      topic_sequence_number: sequenceNumber,
      ...(tokenId !== '' && { token_id: tokenId }),
      ...('text' in value ? value : { binary: Buffer.from(value.binary).toString('base64') }),
    };
  }
}

function isHere(url: string): boolean {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  return parsed?.protocol === 'http:' && isLoopback(parsed.hostname);
}
