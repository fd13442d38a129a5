import { MomentoError, nameForAllCopies } from '../../foundation/momento.errors.js';
import { quoteName } from '../../foundation/text/redaction.js';
import type { SchemaIssue, SchemaMisfit } from '../../foundation/values/standard-schema.js';

/** Something about a loader, not about Momento. What the loader itself throws reaches its callers as it is. */
export abstract class MomentoLoaderError extends MomentoError {
  static {
    nameForAllCopies(this, 'MomentoLoaderError');
  }
}

/** A loader took longer than `loaderTimeoutSeconds`, and there was nothing older to hand out. */
export class MomentoLoaderTimeoutError extends MomentoLoaderError {
  static {
    nameForAllCopies(this, 'MomentoLoaderTimeoutError');
  }

  override readonly name = 'MomentoLoaderTimeoutError';
  readonly code = 'loader-timeout';

  constructor(key: string, timeoutSeconds: number) {
    super(
      `The loader of ${quoteName(key)} took longer than ${timeoutSeconds} s.`,
      'Make it quicker, raise loaderTimeoutSeconds, or set staleIfErrorSeconds, so that callers get the former value.',
    );
  }
}

/** A loader gave a value that, as it would come back from the cache, does not fit the schema. Nothing was stored. */
export class MomentoLoadedValueError extends MomentoLoaderError {
  static {
    nameForAllCopies(this, 'MomentoLoadedValueError');
  }

  override readonly name = 'MomentoLoadedValueError';
  readonly code = 'loaded-value-does-not-fit';
  /** What the schema says. Its messages may quote the value. */
  readonly issues: readonly SchemaIssue[];

  constructor(key: string, { message, issues }: SchemaMisfit) {
    super(
      `The value that the loader of ${quoteName(key)} gave is not stored: ${message}.`,
      'Correct the loader or the schema: the schema reads what the codec gives back, in which a Date, for example, is a text.',
    );
    // Values are the user's: a print of the error does not show them.
    this.issues = issues;
    Object.defineProperty(this, 'issues', { enumerable: false });
  }
}

/** A loader asked for the key that it loads, itself or by way of others: it would have waited for ever. */
export class MomentoReentrantLoadError extends MomentoLoaderError {
  static {
    nameForAllCopies(this, 'MomentoReentrantLoadError');
  }

  override readonly name = 'MomentoReentrantLoadError';
  readonly code = 'loader-waits-for-itself';

  constructor(key: string) {
    super(
      `The loader of ${quoteName(key)} asked for its own key, directly or through another one, and would wait for itself.`,
      'Load the value from its source there, or use get(), which runs no loader.',
    );
  }
}

/** A loader of `getOrSetMany` failed. What the loader threw is the `cause`. */
export class MomentoBulkLoadError<T = unknown, K = string> extends MomentoLoaderError {
  static {
    nameForAllCopies(this, 'MomentoBulkLoadError');
  }

  override readonly name = 'MomentoBulkLoadError';
  readonly code = 'bulk-load-failed';
  /** What was found all the same: by key, and of a typed cache by id. */
  readonly found: ReadonlyMap<K, T>;

  constructor(
    /** For how many keys it failed. */
    readonly failed: number,
    found: ReadonlyMap<K, T>,
    cause: unknown,
  ) {
    super(`The loader of ${failed} keys failed.`, 'Look at the cause; what was cached is in `found`.', {
      cause,
    });
    // Values are the user's: a print of the error does not show them.
    this.found = found;
    Object.defineProperty(this, 'found', { enumerable: false });
  }
}
