import { cache } from '@gomomento/generated-types';
import type { Access, Demand } from '../../keys/permissions.js';
import { keysOf } from './request-description.js';
import { READS, type RpcName, type ServiceName } from '../services.js';

const { _SortedSetUnionStoreRequest: SortedSetUnionStoreRequest } = cache.cache_client;

interface Call {
  readonly access: Access;
  readonly cacheName: string;
  readonly request: object;
}

const DEMANDS: Readonly<Record<ServiceName, (call: Call) => Demand[]>> = {
  cache: ({ access, cacheName, request }) => [
    { on: 'items', access, cacheName, names: keysOf(request) },
    ...sourceDemands(request, cacheName),
  ],
  // A leaderboard is no item: only who may touch everything in its cache may touch it.
  leaderboard: ({ access, cacheName }) => [{ on: 'items', access, cacheName, names: 'all' }],
  topics: ({ access, cacheName, request }) => [
    { on: 'topics', access, cacheName, names: [topicOf(request)] },
  ],
  control: () => [{ on: 'control' }],
  webhook: () => [{ on: 'control' }],
  ping: () => [],
  auth: () => [],
  token: () => [],
};

/** What a call needs its key to allow. */
export function demandsOf(service: ServiceName, rpc: RpcName, request: object, cacheName: string): Demand[] {
  return DEMANDS[service]({ access: READS.has(rpc) ? 'read' : 'write', cacheName, request });
}

/** A union writes one item and reads others. */
function sourceDemands(request: object, cacheName: string): Demand[] {
  return request instanceof SortedSetUnionStoreRequest
    ? [{ on: 'items', access: 'read', cacheName, names: request.sources.map((source) => source.set_name) }]
    : [];
}

function topicOf(request: object): Uint8Array {
  const topic: unknown = Reflect.get(request, 'topic');
  return new Uint8Array(Buffer.from(typeof topic === 'string' ? topic : ''));
}
