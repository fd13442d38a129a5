import type { TopicClient } from '@gomomento/sdk';
import type { ConnectionTelemetry } from '../foundation/telemetry.js';
import { TopicCalls } from './definitions/topic-calls.js';
import { TopicHandlers } from './handlers/topic-handlers.js';
import { MessageHandling } from './listening/message-handling.js';
import { SharedTopics } from './shared/shared-topics.js';
import type { TopicServiceContext } from './topic-context.js';

/** What topics are made of, once a connection: the service, the handlers of the app and the near caches stand on the same. */
export class TopicParts {
  readonly calls: TopicCalls;
  readonly handling: MessageHandling;
  readonly shared: SharedTopics;
  readonly handlers: TopicHandlers;
  readonly globalEnhancers: boolean;
  readonly telemetry: ConnectionTelemetry | undefined;

  constructor(client: TopicClient, cacheName: string | undefined, context: TopicServiceContext) {
    const { inFlight, closing, connectionName, globalEnhancers = false, telemetry } = context;
    this.calls = new TopicCalls(cacheName, context);
    this.handling = new MessageHandling(inFlight, connectionName, telemetry);
    this.shared = new SharedTopics(client, connectionName);
    const { calls, handling, shared } = this;
    this.handlers = new TopicHandlers({
      calls,
      handling,
      shared,
      inFlight,
      closing,
      connectionName,
      telemetry,
    });
    this.globalEnhancers = globalEnhancers;
    this.telemetry = telemetry;
    telemetry?.observe({ handlers: () => this.handlers.stats() });
    closing.addEventListener('abort', () => this.shared.close(), { once: true });
  }
}
