import { randomBytes } from 'node:crypto';
import { EngineError } from '../engine-error.js';

export interface Webhook {
  readonly name: string;
  readonly topicName: string;
  /** Where messages are posted to. */
  readonly url: string;
}

interface StoredWebhook extends Webhook {
  readonly secret: string;
}

const SECRET_BYTES = 32;

/** The webhooks of one cache, by name. */
export class Webhooks {
  readonly #webhooks = new Map<string, StoredWebhook>();

  get all(): readonly Webhook[] {
    return [...this.#webhooks.values()];
  }

  /** Those of a topic, with what their messages are signed with. */
  of(topicName: string): readonly StoredWebhook[] {
    return [...this.#webhooks.values()].filter((webhook) => webhook.topicName === topicName);
  }

  /** Creates a webhook, or changes one and keeps its secret; answers the secret. @throws EngineError `invalid-argument`. */
  put({ name, topicName, url }: Webhook): string {
    for (const [what, value] of Object.entries({ name, topicName, url })) {
      if (value.trim() === '') {
        throw new EngineError('invalid-argument', `The ${what} of a webhook must not be empty`);
      }
    }
    const secret = this.#webhooks.get(name)?.secret ?? newSecret();
    this.#webhooks.set(name, { name, topicName, url, secret });
    return secret;
  }

  /** @throws EngineError `webhook-not-found`. */
  delete(name: string): void {
    this.#find(name);
    this.#webhooks.delete(name);
  }

  /** @throws EngineError `webhook-not-found`. */
  secretOf(name: string): string {
    return this.#find(name).secret;
  }

  /** Replaces the secret, and answers the new one. @throws EngineError `webhook-not-found`. */
  rotateSecret(name: string): string {
    const secret = newSecret();
    this.#webhooks.set(name, { ...this.#find(name), secret });
    return secret;
  }

  #find(name: string): StoredWebhook {
    const webhook = this.#webhooks.get(name);
    if (webhook === undefined) {
      throw new EngineError('webhook-not-found', `Webhook not found: ${name}`);
    }
    return webhook;
  }
}

function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}
