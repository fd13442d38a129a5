import { AllTopics, type DisposableTokenScope, TopicRole } from '@gomomento/sdk';
import { MomentoConfigurationError, type MomentoOperation } from '../../foundation/momento.errors.js';
import { checkOptions, expected, findProblems, type Rule } from '../../foundation/options.rules.js';
import type { Topic } from '../definitions/topic-calls.js';
import type { AnyTopicDefinition } from '../definitions/topic-definition.js';
import type { TopicTokenPermissions, TopicTokenRequest } from './topic-token.options.js';

/** What a token is to be for, checked. */
export interface TokenScope {
  /** The same text for all who ask for the same. */
  readonly key: string;
  /** As the SDK takes it. */
  readonly permissions: DisposableTokenScope;
  readonly expiresInSeconds: number;
  readonly tokenId: string | undefined;
  /** For errors. */
  readonly operation: MomentoOperation;
}

const longestLifeSeconds = 90_000;
/** Of permissions, of which each topic, and each cache as a whole, is one. */
const most = 20;
/** The SDK's own limit. */
const longestTokenId = 64;

const roles: Readonly<Record<TopicTokenPermissions, TopicRole>> = {
  subscribe: TopicRole.SubscribeOnly,
  publish: TopicRole.PublishOnly,
  both: TopicRole.PublishSubscribe,
};

const isName = (value: unknown) => typeof value === 'string' && value !== '';
const isTopic = (value: unknown) => {
  if (typeof value !== 'object' || value === null) return isName(value);
  const cacheName: unknown = Reflect.get(value, 'cacheName');
  return isName(Reflect.get(value, 'name')) && (cacheName === undefined || isName(cacheName));
};
const someOf = (what: string, holds: (value: unknown) => boolean) =>
  expected(
    `an array of 1 to ${most} ${what}`,
    (value) => Array.isArray(value) && value.length >= 1 && value.length <= most && value.every(holds),
  );

const rules: Readonly<Record<string, Rule>> = {
  topics: someOf('topics, filled names or what defineTopic gives', isTopic),
  caches: someOf('filled names of caches', isName),
  permissions: expected(
    "'subscribe', 'publish' or 'both'",
    (value) => typeof value === 'string' && Object.hasOwn(roles, value),
  ),
  expiresInSeconds: expected(
    'a whole number from 1 to 90,000',
    (value) =>
      typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= longestLifeSeconds,
  ),
  tokenId: expected(
    `a text of 1 to ${longestTokenId} characters`,
    (value) => typeof value === 'string' && value.length >= 1 && value.length <= longestTokenId,
  ),
};

/**
 * Checks what a token is asked for: the SDK checks no types at run time, and a token is for somebody else.
 *
 * @param connectionCacheName of the topics that name no cache
 * @throws MomentoConfigurationError `invalid-options`, which lists every problem; `cache-name-missing`
 */
export function toTokenScope(
  request: TopicTokenRequest,
  connectionCacheName: string | undefined,
): TokenScope {
  const problems = findProblems(request, rules, ['permissions', 'expiresInSeconds']);
  const { topics, caches, permissions, expiresInSeconds, tokenId }: TopicTokenRequest = Object(request);
  if ((topics === undefined) === (caches === undefined))
    problems.push('topics, caches: exactly one of them is needed');
  checkOptions(
    'The options of TopicTokenService.issue()',
    problems,
    'Correct them where the token is asked for.',
  );
  const places = inOrder(
    topics?.map((topic) => placeOf(topic, connectionCacheName)) ??
      caches?.map((cacheName) => ({ cacheName, topicName: undefined })) ??
      [],
  );
  const role = roles[permissions];
  return {
    key: JSON.stringify([permissions, expiresInSeconds, tokenId ?? null, places]),
    permissions: {
      permissions: places.map(({ cacheName, topicName }) => ({
        role,
        cache: cacheName,
        topic: topicName ?? AllTopics,
      })),
    },
    expiresInSeconds,
    tokenId,
    operation: operationOf(places),
  };
}

/** A topic of a cache, or all of them. */
interface Place {
  readonly cacheName: string;
  readonly topicName: string | undefined;
}

function placeOf(topic: Topic, connectionCacheName: string | undefined): Place {
  const { name, cacheName = connectionCacheName } = typeof topic === 'string' ? named(topic) : topic;
  if (cacheName !== undefined) return { cacheName, topicName: name };
  throw new MomentoConfigurationError(
    'cache-name-missing',
    'TopicTokenService does not know which cache the topic belongs to.',
    'Set the option cacheName of MomentoModule, or of the topic.',
  );
}

function named(name: string): Pick<AnyTopicDefinition, 'name' | 'cacheName'> {
  return { name, cacheName: undefined };
}

/** Each once: Momento takes no two permissions for one thing. */
function inOrder(places: readonly Place[]): Place[] {
  const byText = new Map(places.map((place) => [JSON.stringify(place), place]));
  return [...byText].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, place]) => place);
}

function operationOf(places: readonly Place[]): MomentoOperation {
  const cacheNames = new Set(places.map(({ cacheName }) => cacheName));
  const [first, ...others] = places;
  const target = others.length === 0 ? first?.topicName : undefined;
  return {
    name: 'issue',
    cacheName: [...cacheNames].join(', '),
    ...(target !== undefined && { target }),
  };
}
