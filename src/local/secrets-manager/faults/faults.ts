/** What a fault makes of a request. The error outcomes are answered as AWS answers them. */
export type FaultOutcome =
  'throttle' | 'serverError' | 'accessDenied' | 'kmsDenied' | 'notReady' | 'garbage' | 'reset' | 'noAnswer';

export interface FaultOptions {
  /** How many requests meet the fault; 1 by default, `Infinity` until {@link SecretsManagerFaults.clear}. */
  readonly times?: number;
  /** Only requests of this operation, e.g. `GetSecretValue`, or `ExtensionGet` for the Lambda extension's path. */
  readonly operation?: string;
}

interface Rule {
  readonly kind: FaultOutcome | 'delay' | 'staleRead';
  readonly operation?: string | undefined;
  readonly delayMs: number;
  remaining: number;
}

/** Stops and starts the listening; given by the server. */
export interface Outage {
  down(): Promise<void>;
  up(): Promise<void>;
}

/**
 * Faults by count, in the order they were asked for. A request meets one outcome and one delay at most; it is judged when
 * it arrives, so a delayed answer holds what was true before the delay.
 */
export class SecretsManagerFaults {
  #rules: Rule[] = [];
  readonly #outage: Outage;

  constructor(outage: Outage) {
    this.#outage = outage;
  }

  /** `ThrottlingException` "Rate exceeded", HTTP 400 as AWS does it. */
  throttle(options?: FaultOptions): this {
    return this.#add('throttle', options);
  }

  /** `InternalServiceError`, HTTP 500. */
  serverError(options?: FaultOptions): this {
    return this.#add('serverError', options);
  }

  /** The connection stays open and nothing is ever sent. */
  noAnswer(options?: FaultOptions): this {
    return this.#add('noAnswer', options);
  }

  /** The answer, whatever it is, is sent after `delayMs` milliseconds. */
  delay(delayMs: number, options?: FaultOptions): this {
    return this.#add('delay', options, delayMs);
  }

  /** The connection is reset (`ECONNRESET` on the other side). */
  reset(options?: FaultOptions): this {
    return this.#add('reset', options);
  }

  /** HTTP 200 whose body is not JSON. */
  garbage(options?: FaultOptions): this {
    return this.#add('garbage', options);
  }

  /** `AccessDeniedException`: IAM allows the caller nothing. */
  accessDenied(options?: FaultOptions): this {
    return this.#add('accessDenied', options);
  }

  /** `AccessDeniedException` "Access to KMS is not allowed": IAM allows the secret, but not its key. */
  kmsDenied(options?: FaultOptions): this {
    return this.#add('kmsDenied', options);
  }

  /** The Lambda extension is not initialised yet: HTTP 400 in plain text. Meets only `ExtensionGet`. */
  notReady(options?: Omit<FaultOptions, 'operation'>): this {
    return this.#add('notReady', { ...options, operation: 'ExtensionGet' });
  }

  /** Reads are eventually consistent: the first reads of `AWSCURRENT` after its move answer the former version. */
  staleRead(options?: FaultOptions): this {
    return this.#add('staleRead', options);
  }

  /** Forgets every fault that is pending; an outage goes on until {@link up}. */
  clear(): this {
    this.#rules = [];
    return this;
  }

  /** Stops listening and resets every connection, until {@link up}. */
  down(): Promise<void> {
    return this.#outage.down();
  }

  /**
   * Listens again, on the same port.
   * @throws Error with code `EADDRINUSE` when another process has taken the port meanwhile
   */
  up(): Promise<void> {
    return this.#outage.up();
  }

  /** @internal The outcome and the delay that a request of the operation meets; each is used up by it. */
  take(operation: string): { outcome?: FaultOutcome; delayMs: number } {
    const delayMs = this.#use((rule) => rule.kind === 'delay', operation)?.delayMs ?? 0;
    const kind = this.#use((rule) => rule.kind !== 'delay' && rule.kind !== 'staleRead', operation)?.kind;
    return kind === undefined || kind === 'delay' || kind === 'staleRead'
      ? { delayMs }
      : { outcome: kind, delayMs };
  }

  /** @internal Whether a read that may be stale is stale; used up by it. */
  takeStaleRead(operation: string): boolean {
    return this.#use((rule) => rule.kind === 'staleRead', operation) !== undefined;
  }

  #add(kind: Rule['kind'], { times = 1, operation }: FaultOptions = {}, delayMs = 0): this {
    this.#rules.push({ kind, operation, delayMs, remaining: times });
    return this;
  }

  #use(matches: (rule: Rule) => boolean, operation: string): Rule | undefined {
    const rule = this.#rules.find(
      (candidate) => matches(candidate) && (candidate.operation ?? operation) === operation,
    );
    if (!rule) return undefined;
    rule.remaining -= 1;
    if (rule.remaining <= 0) this.#rules = this.#rules.filter((other) => other !== rule);
    return rule;
  }
}
