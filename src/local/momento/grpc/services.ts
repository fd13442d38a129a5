import { auth, cache, control, leaderboard, ping, pubsub, token, webhook } from '@gomomento/generated-types';

/** The services of Momento, as the generated types define them. */
export const SERVICES = {
  cache: cache.cache_client.UnimplementedScsService.definition,
  control: control.control_client.UnimplementedScsControlService.definition,
  topics: pubsub.cache_client.pubsub.UnimplementedPubsubService.definition,
  ping: ping.cache_client.UnimplementedPingService.definition,
  leaderboard: leaderboard.leaderboard.UnimplementedLeaderboardService.definition,
  auth: auth.auth.UnimplementedAuthService.definition,
  token: token.token.UnimplementedTokenService.definition,
  webhook: webhook.webhook.UnimplementedWebhookService.definition,
} as const;

export type ServiceName = keyof typeof SERVICES;

/** What stands before the method in the name of an rpc, where the method alone would say too little. */
const RPC_PREFIXES = { topics: 'topic-', leaderboard: 'leaderboard-' } as const;

/** Services whose calls carry no key in their headers: a ping has none, and the token services carry it in the body. */
export const KEYLESS_SERVICES: ReadonlySet<ServiceName> = new Set<ServiceName>(['ping', 'auth', 'token']);

type MethodName<Service extends ServiceName> = Extract<keyof (typeof SERVICES)[Service], string>;
type Prefix<Service extends ServiceName> = Service extends keyof typeof RPC_PREFIXES
  ? (typeof RPC_PREFIXES)[Service]
  : '';
type Dashed<Text extends string> = Text extends `${infer Head}${infer Tail}`
  ? `${Head extends Lowercase<Head> ? Head : `-${Lowercase<Head>}`}${Dashed<Tail>}`
  : '';
type KebabCase<Text extends string> = Dashed<Uncapitalize<Text>>;

/** A call by its name in faults and logs, such as `get`, `set-if`, `create-cache`, `topic-publish`. */
export type RpcName = {
  [Service in ServiceName]: `${Prefix<Service>}${KebabCase<MethodName<Service>>}`;
}[ServiceName];

/** The name of a method in faults and logs: `topics` and `Publish` make `topic-publish`. */
export function rpcNameOf(service: ServiceName, method: string): RpcName {
  const prefixes: Partial<Record<ServiceName, string>> = RPC_PREFIXES;
  const kebabCase = method.replaceAll(/(?<!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the type RpcName spells out the same rule
  return `${prefixes[service] ?? ''}${kebabCase}` as RpcName;
}

/** The calls that change nothing. Whatever else there is, or will be, is a write. */
export const READS: ReadonlySet<RpcName> = new Set<RpcName>([
  'get',
  'get-batch',
  'get-with-hash',
  'keys-exist',
  'item-get-type',
  'item-get-ttl',
  'dictionary-get',
  'dictionary-fetch',
  'dictionary-length',
  'list-fetch',
  'list-length',
  'set-fetch',
  'set-sample',
  'set-contains',
  'set-length',
  'sorted-set-fetch',
  'sorted-set-get-score',
  'sorted-set-get-rank',
  'sorted-set-length',
  'sorted-set-length-by-score',
  'topic-subscribe',
  'leaderboard-get-leaderboard-length',
  'leaderboard-get-by-rank',
  'leaderboard-get-rank',
  'leaderboard-get-by-score',
  'leaderboard-get-competition-rank',
]);
