import 'reflect-metadata';
import { graphqlChecks } from './adapters/graphql-checks.js';
import { healthChecks } from './adapters/health-checks.js';
import { keyvChecks } from './adapters/keyv-checks.js';
import { microserviceChecks } from './adapters/microservices-checks.js';
import { telemetryChecks } from './adapters/telemetry-checks.js';
import { throttlerChecks } from './adapters/throttler-checks.js';
import { companionChecks } from './companion-checks.js';
import { declaredChecks } from './declared-checks.js';
import { httpChecks } from './http-checks.js';
import { hybridChecks } from './hybrid-checks.js';
import { type Checks, frameworks } from './running-app.js';
import { topicChecks } from './topic-checks.js';
import { topicEnhancerChecks } from './topic-enhancer-checks.js';
import { topicFeedChecks } from './topic-feed-checks.js';
import { topicValueChecks } from './topic-value-checks.js';

export { frameworks };

/** Copied into both apps, so that Nest 11 and Nest 12 do the same on both frameworks. */
export const suites: Readonly<Record<'caching' | 'topics' | 'adapters', Checks>> = {
  caching: { ...httpChecks, ...hybridChecks, ...declaredChecks, ...companionChecks },
  topics: { ...topicChecks, ...topicEnhancerChecks, ...topicValueChecks, ...topicFeedChecks },
  adapters: {
    ...healthChecks,
    ...keyvChecks,
    ...throttlerChecks,
    ...telemetryChecks,
    ...microserviceChecks,
    ...graphqlChecks,
  },
};
