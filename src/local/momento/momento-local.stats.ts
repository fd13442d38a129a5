import type { RpcName } from './grpc/services.js';

/** What a {@link MomentoLocal} has done so far, and what it holds now. */
export interface MomentoLocalStats {
  /** Calls that arrived, by rpc; those that never arrived are left out. */
  readonly calls: Readonly<Partial<Record<RpcName, number>>>;
  /** Reads of an item that was there; each item of a batch counts. */
  readonly hits: number;
  readonly misses: number;
  /** Subscriptions that are open. */
  readonly subscriptions: number;
  readonly caches: number;
  /** Items held in all caches, among them some that have expired and are not yet freed. */
  readonly items: number;
  /** Bytes of their keys and values. */
  readonly itemBytes: number;
  /** Topics that are remembered in all caches. */
  readonly topics: number;
  /** Bytes of their names, and of the messages that can be resumed from. */
  readonly topicBytes: number;
  /** Bytes of the names and elements of leaderboards, 16 an element. */
  readonly leaderboardBytes: number;
  /** Items that had to go because of `maxBytes`. */
  readonly evictions: number;
}
