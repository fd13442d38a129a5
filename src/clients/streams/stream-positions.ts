import type { Middleware, MiddlewareRequestHandler } from '@gomomento/sdk';
import type { pubsub } from '@gomomento/generated-types';

type Message = Parameters<MiddlewareRequestHandler['onRequestBody']>[0]['_grpcMessage'];
type SubscriptionRequest = Message & pubsub.cache_client.pubsub._SubscriptionRequest;
type SubscriptionItem = Message & pubsub.cache_client.pubsub._SubscriptionItem;

/** Where a stream of a topic is: the number of the last message seen (0 for none) and the page that it counts in. */
export interface StreamPosition {
  sequenceNumber: number;
  sequencePage: number;
}

/**
 * Lets a stream begin behind the last message seen, so that a subscription can move to another client. The SDK's
 * `subscribe()` has no such argument and hides the page; its middlewares see both the request and the answers.
 */
export class StreamPositions implements Middleware {
  #opening: StreamPosition | undefined;

  /** Opens a stream behind the position, which then follows the stream's page. The SDK asks its middlewares at once. */
  openAt<T>(position: StreamPosition, open: () => T): T {
    this.#opening = position;
    try {
      return open();
    } finally {
      this.#opening = undefined;
    }
  }

  /** The SDK's own reconnects come here without a position: it resumes by itself where it was. */
  onNewRequest(): MiddlewareRequestHandler {
    const position = this.#opening;
    return {
      onRequestMetadata: async (metadata) => metadata,
      onRequestBody: async (request) => {
        const message = request._grpcMessage;
        if (position !== undefined && position.sequenceNumber > 0 && isSubscriptionRequest(message)) {
          message.resume_at_topic_sequence_number = position.sequenceNumber + 1;
          message.sequence_page = position.sequencePage;
        }
        return request;
      },
      onResponseMetadata: async (metadata) => metadata,
      onResponseBody: async (response) => {
        const message = response?._grpcMessage;
        if (position !== undefined && isSubscriptionItem(message) && message.has_item) {
          position.sequencePage = message.item.sequence_page;
        }
        return response;
      },
      onResponseStatus: async (status) => status,
    };
  }
}

function isSubscriptionRequest(message: Message): message is SubscriptionRequest {
  return 'resume_at_topic_sequence_number' in message;
}

function isSubscriptionItem(message: Message | null | undefined): message is SubscriptionItem {
  return message !== null && message !== undefined && 'has_item' in message;
}
