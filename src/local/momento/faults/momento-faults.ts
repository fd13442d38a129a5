import type { FaultPlan } from './fault-plan.js';
import { type StatusName, failureOf } from '../grpc/calls/call-failure.js';
import type { Http2Listener } from '../grpc/http2-listener.js';
import type { OpenCalls } from '../grpc/calls/open-calls.js';
import type { RpcName } from '../grpc/services.js';

export interface CallFaultOptions {
  /** How many calls it happens to; default all, until {@link MomentoFaults.clear}. */
  readonly times?: number;
}

/** What can be made to go wrong, for tests of what a client does then. Faults of different kinds add up: a delay, then a failure. */
export class MomentoFaults {
  readonly #plan: FaultPlan;
  readonly #openCalls: OpenCalls;
  readonly #listener: Http2Listener;

  /** @internal */
  constructor(parts: {
    readonly plan: FaultPlan;
    readonly openCalls: OpenCalls;
    readonly listener: Http2Listener;
  }) {
    this.#plan = parts.plan;
    this.#openCalls = parts.openCalls;
    this.#listener = parts.listener;
  }

  /** The next calls fail with this gRPC status, such as `UNAVAILABLE`, and are not carried out. */
  fail(
    rpc: RpcName,
    statusName: Exclude<StatusName, 'OK'>,
    options: CallFaultOptions & { readonly message?: string } = {},
  ): void {
    const failure = failureOf(statusName, options.message ?? `Fault: ${rpc} fails with ${statusName}`);
    this.#plan.add(rpc, { failure }, options.times);
  }

  /** The next calls are carried out so many milliseconds late. */
  delay(rpc: RpcName, delayMs: number, options: CallFaultOptions = {}): void {
    this.#plan.add(rpc, { delayMs }, options.times);
  }

  /** The next calls are neither carried out nor answered: they end by their deadline or by their caller. */
  hang(rpc: RpcName, options: CallFaultOptions = {}): void {
    this.#plan.add(rpc, { hang: true }, options.times);
  }

  /** Ends the open subscriptions, by default with UNAVAILABLE, which makes the SDK subscribe again. */
  cut(rpc: 'topic-subscribe', statusName: Exclude<StatusName, 'OK'> = 'UNAVAILABLE'): void {
    this.#openCalls.fail(
      failureOf(statusName, 'Fault: the stream was cut'),
      ({ record }) => record.rpc === rpc,
    );
  }

  /** Stops listening and resets every connection. What the server holds is kept for {@link up}. */
  async down(): Promise<void> {
    await this.#listener.reset();
  }

  /** Listens again on the same port. */
  async up(): Promise<void> {
    await this.#listener.listen();
  }

  /** Forgets the planned faults. Calls that hang already keep hanging, and a server that is down stays down. */
  clear(): void {
    this.#plan.clear();
  }
}
