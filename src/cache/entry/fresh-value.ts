import { isEnvelope, readEntry } from './envelope.js';
import { freshnessOf } from './windows.js';

/** The codec's bytes of what is stored; undefined for what is no value, or no longer fresh. */
export function freshValueIn(stored: Uint8Array): Uint8Array | undefined {
  if (!isEnvelope(stored)) return stored;
  const entry = readEntry(stored);
  return entry.kind === 'value' && freshnessOf(entry, Date.now()) === 'fresh' ? entry.payload : undefined;
}
