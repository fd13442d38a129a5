import { readEntry, type StoredEntry } from './envelope.js';
import { freshnessOf } from './windows.js';

/** An envelope with a value that is fresh; undefined: what it holds is no value, or no longer fresh. Its tags are not looked at. */
export function freshEntryIn(envelope: Uint8Array): Extract<StoredEntry, { kind: 'value' }> | undefined {
  const entry = readEntry(envelope);
  return entry.kind === 'value' && freshnessOf(entry, Date.now()) === 'fresh' ? entry : undefined;
}
