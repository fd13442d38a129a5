import { inspect } from 'node:util';

const redacted = '[REDACTED]';

/**
 * Text that must not be shown. It prints as `[REDACTED]` through `toString`, `toJSON`, template strings and `util.inspect`
 * (`showHidden` and `customInspect: false` included), because the text lives in a private field that no reflection sees.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
    Object.freeze(this);
  }

  /** The text itself. Hand it straight to what needs it; keep it in no variable that outlives the call. */
  reveal(): string {
    return this.#text;
  }

  equals(other: Secret): boolean {
    return this.#text === other.#text;
  }

  toString(): string {
    return redacted;
  }

  toJSON(): string {
    return redacted;
  }

  [Symbol.toPrimitive](): string {
    return redacted;
  }

  get [Symbol.toStringTag](): string {
    return redacted;
  }

  [inspect.custom](): string {
    return redacted;
  }
}
