import { hash } from 'node:crypto';

/** Of a key, 8 bytes as a string of so many characters: what processes tell each other of keys. */
export type KeyHash = string;

export const keyHashBytes = 8;

/** Equal keys have equal hashes, in every process and version; that two keys share one costs a miss, no more. */
export function hashOf(fullKey: string): KeyHash {
  return hash('sha256', fullKey, 'buffer').toString('latin1', 0, keyHashBytes);
}
