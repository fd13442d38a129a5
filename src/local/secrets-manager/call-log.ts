import { cutText } from '../cut-text.js';
import { CallCounts } from './call-counts.js';
import type { Exchange, WireAnswer } from './http/wire.js';

/** One request as the endpoint saw it. Never holds a secret value. */
export interface SecretsManagerCall {
  /** The AWS operation, e.g. `GetSecretValue`; `ExtensionGet` for a read through the Lambda extension's path. */
  readonly operation: string;
  /** The secret as the request names it: name or ARN; ids of a batch joined by commas, cut after 2,048 characters; empty when it names none. */
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
const MAX_OPERATION_CHARACTERS = 128;
/** The longest id that AWS takes. */
const MAX_ID_CHARACTERS = 2_048;
const MAX_STAGE_CHARACTERS = 256;
const MAX_REGION_CHARACTERS = 64;

const operationOf = (text: string) => cutText(text, MAX_OPERATION_CHARACTERS);
const secretIdOf = (text: string) => cutText(text, MAX_ID_CHARACTERS);

/** The latest calls, and counts of all of them. */
export class CallLog {
  readonly #calls: SecretsManagerCall[] = [];
  readonly #counts = new CallCounts();

  constructor(private readonly now: () => number) {}

  get calls(): readonly SecretsManagerCall[] {
    return this.#calls;
  }

  /** `answer` is left out for a request that gets none. */
  add(exchange: Exchange, requestId: string, answer?: WireAnswer): void {
    const [operation, secretId] = [operationOf(exchange.operation), secretIdOf(exchange.secretId)];
    const { versionStage, region } = exchange;
    this.#calls.push({
      operation,
      secretId,
      ...(versionStage === undefined ? {} : { versionStage: cutText(versionStage, MAX_STAGE_CHARACTERS) }),
      region: cutText(region, MAX_REGION_CHARACTERS),
      status: answer?.status ?? 0,
      ...(answer?.error === undefined ? {} : { error: answer.error }),
      requestId,
      at: new Date(this.now()),
    });
    if (this.#calls.length > MAX_CALLS) this.#calls.shift();
    this.#counts.add(operation, secretId);
  }

  count(operation?: string, secretId?: string): number {
    return this.#counts.count(
      operation === undefined ? undefined : operationOf(operation),
      secretId === undefined ? undefined : secretIdOf(secretId),
    );
  }
}
