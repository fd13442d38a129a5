import type { ConnectionTelemetry } from '../foundation/telemetry.js';
import { InFlight } from '../foundation/time/in-flight.js';
import type { TopicsOptions } from './definitions/topic.options.js';

/** What the topics of a connection share with it. */
export interface TopicServiceContext extends TopicsOptions {
  /** Counts the handlers that are running. */
  readonly inFlight: InFlight;
  /** Aborted when the app begins to shut down: no message is handed over any more. */
  readonly closing: AbortSignal;
  /** For log lines. @default 'default' */
  readonly connectionName?: string;
  /** Who is told of messages. */
  readonly telemetry?: ConnectionTelemetry | undefined;
}

export function createTopicContext(context: Partial<TopicServiceContext> = {}): TopicServiceContext {
  return { inFlight: new InFlight(), closing: new AbortController().signal, ...context };
}
