import type { KeyHash } from './key-hash.js';

/** Between the near caches of a cache in all processes. */
export interface Invalidation {
  /** Whether changes in other processes are heard of at this moment. Says `anythingChanged` first when some may have been missed. */
  checkHearing(): boolean;
  /** Lets the others know, soon. */
  tell(hashes: readonly KeyHash[]): void;
}

/** What other processes say. */
export interface HeardChanges {
  changed(hashes: readonly KeyHash[]): void;
  /** Something was changed, and nobody knows what: messages may have been lost. */
  anythingChanged(): void;
}

/** Where there are no topics. */
export const noInvalidation: Invalidation = { checkHearing: () => false, tell: () => undefined };
