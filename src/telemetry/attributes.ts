import { SdkError } from '@gomomento/sdk';
import { type CallOutcome, sdkOutcome } from '../clients/sdk/sdk-answer.js';
import { MomentoError } from '../foundation/momento.errors.js';
import { showName } from '../foundation/text/redaction.js';

/** Of OpenTelemetry's conventions, for what there is no better word for. */
const other = '_OTHER';

const mostNames = 100;

/** Names of caches and topics as attributes: without keys, of a bounded length, and of metrics of a bounded number. */
export class BoundedNames {
  readonly #shown = new Map<string, string>();

  /** For a metric: names beyond the first hundred are one. */
  bounded(name: unknown): string {
    return this.#known(name) ?? other;
  }

  /** For a span. */
  full(name: unknown): string {
    return this.#known(name) ?? showName(name);
  }

  #known(name: unknown): string | undefined {
    if (typeof name !== 'string') return other;
    const known = this.#shown.get(name);
    if (known !== undefined || this.#shown.size >= mostNames) return known;
    const shown = showName(name);
    this.#shown.set(name, shown);
    return shown;
  }
}

/** The code of an error that the SDK returned or threw; undefined: there was none. */
export function errorTypeOf(outcome: CallOutcome<unknown>): string | undefined {
  const isAnswer = 'thrown' in outcome || (typeof outcome.value === 'object' && outcome.value !== null);
  if (!isAnswer) return undefined;
  const told = sdkOutcome(outcome as CallOutcome<object>, () => undefined);
  return 'thrown' in told ? codeOf(told.thrown) : undefined;
}

/** The code of an error that a handler of the app threw; of others the class, and never a message. */
export function thrownTypeOf(thrown: unknown): string {
  if (thrown instanceof SdkError || thrown instanceof MomentoError) return codeOf(thrown);
  const name = thrown instanceof Error ? thrown.constructor.name : other;
  return /^\w{1,60}$/.test(name) ? name : other;
}

function codeOf(error: unknown): string {
  if (error instanceof SdkError) return error.errorCode();
  return error instanceof MomentoError ? error.code : other;
}
