import type { Exchange, WireAnswer } from './http/wire.js';

/** One request as the endpoint saw it. Never holds a secret value. */
export interface SecretsManagerCall {
  /** The AWS operation, e.g. `GetSecretValue`; `ExtensionGet` for a read through the Lambda extension's path. */
  readonly operation: string;
  /** The secret as the request names it: name or ARN; ids of a batch joined by commas; empty when it names none. */
  readonly secretId: string;
  readonly versionStage?: string;
  /** The region the request was signed for; empty when the signature names none. */
  readonly region: string;
  /** HTTP status; 0 when a fault left the request without an answer. */
  readonly status: number;
  /** Name of the AWS error that was answered. */
  readonly error?: string;
  /** The `x-amzn-requestid` of the answer. */
  readonly requestId: string;
  /** When the request had arrived, by the server's clock. */
  readonly at: Date;
}

const MAX_CALLS = 1000;

/** The latest calls, and exact counts of all of them. */
export class CallLog {
  readonly #calls: SecretsManagerCall[] = [];
  readonly #counts = new Map<string, Map<string, number>>();

  constructor(private readonly now: () => number) {}

  get calls(): readonly SecretsManagerCall[] {
    return this.#calls;
  }

  /** `answer` is left out for a request that gets none. */
  add({ operation, secretId, versionStage, region }: Exchange, requestId: string, answer?: WireAnswer): void {
    this.#calls.push({
      operation,
      secretId,
      ...(versionStage === undefined ? {} : { versionStage }),
      region,
      status: answer?.status ?? 0,
      ...(answer?.error === undefined ? {} : { error: answer.error }),
      requestId,
      at: new Date(this.now()),
    });
    if (this.#calls.length > MAX_CALLS) this.#calls.shift();
    const counts = this.#counts.get(operation) ?? new Map<string, number>();
    this.#counts.set(operation, counts.set(secretId, (counts.get(secretId) ?? 0) + 1));
  }

  count(operation?: string, secretId?: string): number {
    let total = 0;
    for (const [name, counts] of this.#counts) {
      if (operation !== undefined && operation !== name) continue;
      for (const [id, count] of counts) if (secretId === undefined || secretId === id) total += count;
    }
    return total;
  }
}
