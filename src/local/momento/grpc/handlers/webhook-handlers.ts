import { webhook } from '@gomomento/generated-types';
import type { CacheRegistry } from '../../engine/cache-registry.js';
import type { Webhooks } from '../../engine/topics/webhooks.js';
import type { UnaryHandlers } from '../calls/call-pipeline.js';

const {
  _DeleteWebhookResponse: DeleteWebhookResponse,
  _GetWebhookSecretResponse: GetWebhookSecretResponse,
  _ListWebhooksResponse: ListWebhooksResponse,
  _PutWebhookResponse: PutWebhookResponse,
  _RotateWebhookSecretResponse: RotateWebhookSecretResponse,
  _Webhook: WebhookMessage,
  _WebhookDestination: WebhookDestination,
  _WebhookId: WebhookId,
} = webhook.webhook;

/** A request that names no webhook names one without a name. */
const NO_ID = new WebhookId();

interface Identified {
  readonly has_webhook_id: boolean;
  readonly webhook_id: webhook.webhook._WebhookId;
}

export function webhookHandlers(caches: CacheRegistry): UnaryHandlers<'webhook'> {
  const find = (request: Identified): { readonly webhooks: Webhooks; readonly name: string } => {
    const { cache_name: cacheName, webhook_name: name } = request.has_webhook_id ? request.webhook_id : NO_ID;
    return { webhooks: caches.get(cacheName).webhooks, name };
  };
  return {
    PutWebhook: ({ webhook: message, has_webhook: hasWebhook }) => {
      const put = hasWebhook ? message : new WebhookMessage();
      const { webhooks, name } = find(put);
      const url = put.has_destination ? put.destination.post_url : '';
      const secret = webhooks.put({ name, topicName: put.topic_name, url });
      return new PutWebhookResponse({ secret_string: secret });
    },
    DeleteWebhook: (request) => {
      const { webhooks, name } = find(request);
      webhooks.delete(name);
      return new DeleteWebhookResponse();
    },
    ListWebhooks: ({ cache_name: cacheName }) =>
      new ListWebhooksResponse({
        webhook: caches.get(cacheName).webhooks.all.map(
          ({ name, topicName, url }) =>
            new WebhookMessage({
              webhook_id: new WebhookId({ cache_name: cacheName, webhook_name: name }),
              topic_name: topicName,
              destination: new WebhookDestination({ post_url: url }),
            }),
        ),
      }),
    GetWebhookSecret: ({ cache_name: cacheName, webhook_name: name }) =>
      new GetWebhookSecretResponse({
        cache_name: cacheName,
        webhook_name: name,
        secret_string: caches.get(cacheName).webhooks.secretOf(name),
      }),
    RotateWebhookSecret: (request) => {
      const { webhooks, name } = find(request);
      return new RotateWebhookSecretResponse({ secret_string: webhooks.rotateSecret(name) });
    },
  };
}
