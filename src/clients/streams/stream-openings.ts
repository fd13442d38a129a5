import {
  type Middleware,
  type MiddlewareRequestHandler,
  type MomentoLoggerFactory,
  type TopicConfiguration,
  TopicSubscribe,
} from '@gomomento/sdk';
import type { pubsub } from '@gomomento/generated-types';
import { releaseTimersOf } from '../sdk/held-timers.js';
import type { Cursor } from './topic-position.js';

type Message = Parameters<MiddlewareRequestHandler['onRequestBody']>[0]['_grpcMessage'];
type SubscriptionRequest = Message & pubsub.cache_client.pubsub._SubscriptionRequest;
type SubscriptionItem = Message & pubsub.cache_client.pubsub._SubscriptionItem;

type Status = Parameters<MiddlewareRequestHandler['onResponseStatus']>[0]['_grpcStatus']['code'];

/** gRPC's numbers for the end of a stream. */
const okStatus: Status = 0;
const unavailableStatus: Status = 14;

/** What is known of a stream from the moment in which it is asked for. */
export interface StreamOpening {
  /** Where it is to begin: behind this message, or with the next one. */
  readonly behind: Cursor | undefined;
  /** The pages of the messages that arrived and were not handed over yet: the SDK's items do not say them. */
  readonly pages: number[];
  /** The SDK's own handle, also while the stream has no answer and `subscribe()` does not return. */
  subscription?: TopicSubscribe.Subscription;
}

/**
 * Makes the SDK's streams do what its `subscribe()` has no argument for, through its public configuration: a stream begins
 * behind a message, tells the page of each message, can be ended before it is answered, and ends with an error whatever
 * ended it, because the SDK itself would start it again at once, and without end.
 */
export class StreamOpenings implements Middleware {
  /** The SDK asks its middlewares and loggers while its `subscribe()` is called, so there is one at a time. */
  #current: StreamOpening | undefined;

  /** The user's configuration, for a client whose streams are opened here. */
  configure(configuration: TopicConfiguration): TopicConfiguration {
    const loggerFactory = this.#seeSubscriptions(configuration.getLoggerFactory());
    const neverAgain = { determineWhenToResubscribe: () => null };
    const own = {
      getLoggerFactory: () => loggerFactory,
      getMiddlewares: () => [...configuration.getMiddlewares(), this],
      getSubscriptionRetryStrategy: () => neverAgain,
    };
    const members = Object.entries(own).map(([name, value]) => [name, { value }] as const);
    return Object.create(configuration, Object.fromEntries(members)) as TopicConfiguration;
  }

  /** Calls the SDK's `subscribe()`, for a stream that begins behind the message. */
  open<T>(behind: Cursor | undefined, subscribe: (opening: StreamOpening) => T): T {
    const opening: StreamOpening = { behind, pages: [] };
    this.#current = opening;
    try {
      return releaseTimersOf(() => subscribe(opening));
    } finally {
      this.#current = undefined;
    }
  }

  onNewRequest(): MiddlewareRequestHandler {
    const opening = this.#current;
    return {
      onRequestMetadata: async (metadata) => metadata,
      onRequestBody: async (request) => {
        const message = request._grpcMessage;
        if (opening?.behind !== undefined && isSubscriptionRequest(message)) {
          message.resume_at_topic_sequence_number = opening.behind.number + 1;
          message.sequence_page = opening.behind.page;
        }
        return request;
      },
      onResponseMetadata: async (metadata) => metadata,
      onResponseBody: async (response) => {
        const message = response?._grpcMessage;
        if (isSubscriptionItem(message) && message.has_item) {
          opening?.pages.push(message.item.sequence_page);
        }
        return response;
      },
      onResponseStatus: async (status) => {
        if (status.code() === okStatus) {
          const details = 'the server ended the stream';
          Object.assign(status._grpcStatus, { code: unavailableStatus, details });
        }
        return status;
      },
    };
  }

  /** A subscription of the SDK takes a logger when it is made, and passes itself. */
  #seeSubscriptions(factory: MomentoLoggerFactory): MomentoLoggerFactory {
    return {
      getLogger: (owner: unknown) => {
        if (this.#current !== undefined && owner instanceof TopicSubscribe.Subscription) {
          this.#current.subscription = owner;
        }
        return factory.getLogger(owner);
      },
    };
  }
}

function isSubscriptionRequest(message: Message): message is SubscriptionRequest {
  return 'resume_at_topic_sequence_number' in message;
}

function isSubscriptionItem(message: Message | null | undefined): message is SubscriptionItem {
  return message !== null && message !== undefined && 'has_item' in message;
}
