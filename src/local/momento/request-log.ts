import type { StatusName } from './grpc/calls/call-failure.js';
import type { RpcName } from './grpc/services.js';

/** One call that reached the server. */
export interface RequestRecord {
  readonly rpc: RpcName;
  readonly cacheName?: string;
  /** The item or collection, as UTF-8, cut after 256 characters. Batches have none. */
  readonly key?: string;
  readonly topic?: string;
  /** Which issued key the call carried, accepted or not: `key-1` is the first that was issued. Never the key itself. */
  readonly keyId?: string;
  readonly keyVersion?: 1 | 2;
  /** `PENDING` until the call is answered; a stream that was opened is `OK`. */
  readonly status: StatusName | 'PENDING';
  /** When the call arrived, by the server's clock. */
  readonly at: Date;
}

/** A record whose outcome is still to come. */
export type OpenRequestRecord = { -readonly [Field in keyof RequestRecord]: RequestRecord[Field] };

const MAX_RECORDS = 10_000;

/** The latest calls, and exact counts of all of them. */
export class RequestLog {
  readonly #records: RequestRecord[] = [];
  readonly #counts = new Map<RpcName, number>();

  /** The latest 10,000 calls, in the order of their arrival. */
  get records(): readonly RequestRecord[] {
    return this.#records.slice(-MAX_RECORDS);
  }

  add(record: RequestRecord): void {
    this.#counts.set(record.rpc, this.count(record.rpc) + 1);
    this.#records.push(record);
    // Cut rarely and by half, so that a call costs no copy of the log.
    if (this.#records.length >= 2 * MAX_RECORDS) {
      this.#records.splice(0, MAX_RECORDS);
    }
  }

  /** Calls that ever arrived, by kind. */
  get counts(): Partial<Record<RpcName, number>> {
    return Object.fromEntries(this.#counts);
  }

  /** Calls that ever arrived, of one kind or of all. */
  count(rpc?: RpcName): number {
    if (rpc !== undefined) {
      return this.#counts.get(rpc) ?? 0;
    }
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }
}
