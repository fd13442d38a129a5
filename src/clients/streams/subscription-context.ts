import type { ClientGeneration } from '../rotation/client-generation.js';
import type { SubscriptionLog } from './listeners/subscription-log.js';
import type { StreamOpenings } from './stream-openings.js';
import type { StreamTiming } from './stream-timing.js';

/** The clients of the key in use, as streams need them. */
export interface StreamClients {
  /** The clients of the key in use. @throws MomentoClosedError after the end */
  ready(): Promise<ClientGeneration>;
  /** Joins the look for another key, at most for so many milliseconds. @returns whether other clients have taken over */
  renewRejected(clients: ClientGeneration, limitMs: number): Promise<boolean>;
}

/** What the subscriptions of a connection share. */
export interface SubscriptionContext {
  readonly clients: StreamClients;
  readonly openings: StreamOpenings;
  /** How long the first answer of a stream may take, in milliseconds. */
  readonly answerTimeoutMs: number;
  readonly timing: StreamTiming;
  readonly log: SubscriptionLog;
}
