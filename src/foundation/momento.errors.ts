import type { MomentoErrorCode, SdkError } from '@gomomento/sdk';
import { endSentence } from './text/describe-error.js';
import { withoutKeys } from './text/redacted-error.js';
import { quoteName, redactKeys, toLine } from './text/redaction.js';

/** As `ErrorOptions`, which the types of apps older than ES2022 lack. */
interface ErrorCause {
  readonly cause?: unknown;
}

/** The same symbol in every copy of this package in a process, such as the ESM build and the CommonJS build beside it. */
const classNameKey = Symbol.for('nestjs-momento/error-class');

/** Names a class of this library for all copies. A subclass of a user's own has no such name of its own. */
export function nameForAllCopies({ prototype }: { readonly prototype: object }, name: string): void {
  Object.defineProperty(prototype, classNameKey, { value: name });
}

function ownClassName(prototype: object): unknown {
  return Object.getOwnPropertyDescriptor(prototype, classNameKey)?.value;
}

/**
 * What every error of this library has in common: a sentence that says what failed and one that says what to do.
 * `instanceof` holds for this class and the library's subclasses whichever copy of the package made the error.
 */
export abstract class MomentoError extends Error {
  static {
    nameForAllCopies(this, 'MomentoError');
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    const className = ownClassName(this.prototype);
    if (className === undefined || typeof value !== 'object')
      return Function.prototype[Symbol.hasInstance].call(this, value);
    let prototype: unknown = value;
    while (typeof prototype === 'object' && prototype !== null) {
      if (ownClassName(prototype) === className) return true;
      prototype = Object.getPrototypeOf(prototype);
    }
    return false;
  }

  /** The class's name, written out: a minifier changes the class's own. */
  abstract override readonly name: string;
  /** Tells errors of one class apart in code; stays the same when the sentence is reworded. */
  abstract readonly code: string;
  /** What to do about it, in one sentence; it also ends the message. */
  readonly advice: string;

  constructor(problem: string, advice: string, options?: ErrorCause) {
    super(`${problem} ${advice}`, options);
    this.advice = advice;
  }
}

/** Tells configuration errors apart; each has one sentence of advice. */
export type MomentoConfigurationCode =
  | 'invalid-options'
  | 'options-not-static'
  | 'duplicate-connection'
  | 'duplicate-cache'
  | 'connection-missing'
  | 'other-connection'
  | 'cache-name-missing'
  | 'cache-not-found'
  | 'secret-not-found'
  | 'secret-version-not-found'
  | 'secret-marked-for-deletion'
  | 'secret-request-invalid'
  | 'access-denied'
  | 'kms-access-denied'
  | 'aws-credentials-missing'
  | 'aws-sdk-missing'
  | 'aws-sdk-broken'
  | 'region-mismatch'
  | 'source-unreachable'
  | 'source-failed'
  | 'environment-variable-missing'
  | 'file-unreadable'
  | 'secret-empty'
  | 'secret-field-missing'
  | 'key-malformed'
  | 'key-expired'
  | 'key-rejected'
  | 'endpoint-missing'
  | 'endpoint-malformed'
  | 'endpoint-refused'
  | 'proxy-without-tls'
  | 'momento-unreachable';

/**
 * A wrong set-up: the options, the secret, the key or the network do not fit together. Thrown while the app boots, and by
 * the first call where nothing was awaited at boot. Its message says what failed, for which secret, and what to do; it
 * never holds any part of a key.
 */
export class MomentoConfigurationError extends MomentoError {
  static {
    nameForAllCopies(this, 'MomentoConfigurationError');
  }

  override readonly name = 'MomentoConfigurationError';

  constructor(
    /** What kind of problem it is. */
    readonly code: MomentoConfigurationCode,
    sentence: string,
    advice: string,
  ) {
    super(sentence, advice);
  }
}

/** The operation that failed, and on what. */
export interface MomentoOperation {
  /** The method as the caller wrote it: `get`, `setMany`, `publish`… */
  readonly name: string;
  readonly cacheName: string;
  /** The key or the topic, where there is a single one. */
  readonly target?: string;
}

/** What errors of single operations have in common. */
export abstract class MomentoServiceError extends MomentoError {
  static {
    nameForAllCopies(this, 'MomentoServiceError');
  }

  /** The operation that failed. A key that was put into the place of a name is not in it. */
  readonly operation: MomentoOperation;

  constructor(
    operation: MomentoOperation,
    /** Momento's own error code, such as `TIMEOUT_ERROR` (the SDK's `MomentoErrorCode`). */
    readonly code: MomentoErrorCode,
    reason: string,
    options?: ErrorCause,
  ) {
    const { name, cacheName, target } = operation;
    const on = target === undefined ? '' : ` ${quoteName(target)}`;
    super(
      `${name}${on} in cache ${quoteName(cacheName)} failed with ${code}: ${endSentence(toLine(reason))}`,
      adviceFor(code),
      options,
    );
    this.operation = {
      name,
      cacheName: withoutKey(cacheName),
      ...(target !== undefined && { target: withoutKey(target) }),
    };
  }

  /**
   * Wraps what the SDK returned or threw. The SDK's error is the `cause`; where it holds a key, as a server or a proxy may
   * echo it, a copy without it is.
   */
  static fromSdk<E extends MomentoServiceError>(
    this: new (
      operation: MomentoOperation,
      code: MomentoErrorCode,
      reason: string,
      options?: ErrorCause,
    ) => E,
    operation: MomentoOperation,
    error: SdkError,
  ): E {
    return new this(operation, error.errorCode(), error.message, { cause: withoutKeys(error) });
  }
}

/** A cache operation that Momento refused, failed or did not answer in time. */
export class MomentoCacheError extends MomentoServiceError {
  static {
    nameForAllCopies(this, 'MomentoCacheError');
  }

  override readonly name = 'MomentoCacheError';
}

/** A topic operation that Momento refused, failed or did not answer in time. */
export class MomentoTopicError extends MomentoServiceError {
  static {
    nameForAllCopies(this, 'MomentoTopicError');
  }

  override readonly name = 'MomentoTopicError';
}

/** A call that came after the app, or the connection, was shut down. */
export class MomentoClosedError extends MomentoError {
  static {
    nameForAllCopies(this, 'MomentoClosedError');
  }

  override readonly name = 'MomentoClosedError';
  readonly code = 'connection-closed';

  constructor(connectionName: string) {
    super(
      `The Momento connection ${quoteName(connectionName)} is closed.`,
      'The app has shut down: finish work in onModuleDestroy or beforeApplicationShutdown, before connections close.',
    );
  }
}

const lockAdvice = {
  'lock-not-acquired': 'Try again later, or give withLock more waitSeconds.',
  'lock-lost': 'Stop the work: somebody else may hold the lock now.',
};

/** A lock that was not got in time; or one that was lost while work ran, as the reason of the signal that the work gets. */
export class MomentoLockError extends MomentoError {
  static {
    nameForAllCopies(this, 'MomentoLockError');
  }

  override readonly name = 'MomentoLockError';

  constructor(
    readonly code: keyof typeof lockAdvice,
    sentence: string,
  ) {
    super(sentence, lockAdvice[code]);
  }
}

/** As it is, whatever its characters, so that code can go by it. Callers without types give anything. */
function withoutKey(name: string): string {
  return typeof name === 'string' ? redactKeys(name) : name;
}

/** By code rather than by SDK class, so that it reads the same for errors that were returned and errors that were thrown. */
const adviceByCode: Partial<Record<string, string>> = {
  NOT_FOUND_ERROR: 'Create the cache in the Momento console, or set createCaches: true.',
  AUTHENTICATION_ERROR:
    'Momento does not know the key: check that the secret holds a current key of this region.',
  PERMISSION_ERROR: 'The key is valid but may not do this: give it the role in the Momento console.',
  TIMEOUT_ERROR:
    'Momento did not answer in time: check the network, or raise the configuration’s client timeout.',
  SERVER_UNAVAILABLE: 'Momento could not be reached: check the network and the endpoint, then try again.',
  CANCELLED_ERROR: 'The call was cancelled before Momento answered: try again if its result is still wanted.',
  LIMIT_EXCEEDED_ERROR:
    'A limit of the account or a size limit was reached: make the item smaller, slow down, or ask Momento to raise it.',
  INVALID_ARGUMENT_ERROR: 'Correct the argument; the same call will fail again.',
  FAILED_PRECONDITION_ERROR: 'What is stored under the key is not of the type this call needs.',
};

function adviceFor(code: MomentoErrorCode): string {
  return adviceByCode[code] ?? 'Try again; if it stays, look at the cause and at Momento’s status.';
}
