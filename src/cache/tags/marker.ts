import { randomBytes } from 'node:crypto';
import { readEntry, type TagMark, writeMarker } from '../entry/envelope.js';

/** What stands for a tag in the cache: who finds another nonce there than a value carries finds that value invalid. */
export interface Marker {
  /** 16 bytes. */
  readonly nonce: Uint8Array;
  /** When an invalidation wrote it, as epoch milliseconds; 0: it was made for a load, and invalidates nothing. */
  readonly invalidatedAtMs: number;
}

/**
 * Markers that were read, by their keys. Undefined: there is none; `unreadable`: there is something else. A key that is not in
 * it was not read.
 */
export type Markers = ReadonlyMap<string, Marker | 'unreadable' | undefined>;

export const noMarkers: Markers = new Map();
const noMarkerKeys: readonly string[] = Object.freeze([]);
export const noMarks: readonly TagMark[] = Object.freeze([]);

/** No key of a user begins like this by accident. Prefixes of handles do not apply: a tag is one of the whole cache. */
const reservedPrefix = '__nestjs-momento:tag:';

/** Under which key of the cache the tag's marker is stored. */
export function markerKeyOf(tag: string): string {
  return reservedPrefix + tag;
}

/** Without those that are named twice. */
export function markerKeysOf(tags: readonly string[]): readonly string[] {
  return tags.length === 0 ? noMarkerKeys : [...new Set(tags)].map(markerKeyOf);
}

/** A marker that no other one equals, with its bytes. */
export function newMarker(invalidatedAtMs: number): { readonly marker: Marker; readonly value: Uint8Array } {
  const marker = { nonce: randomBytes(16), invalidatedAtMs };
  return { marker, value: writeMarker(marker.nonce, invalidatedAtMs) };
}

export function readMarker(stored: Uint8Array | undefined): Marker | 'unreadable' | undefined {
  if (stored === undefined) return undefined;
  const entry = readEntry(stored);
  return entry.kind === 'marker' ? { nonce: entry.nonce, invalidatedAtMs: entry.createdAtMs } : 'unreadable';
}

/** What a value carries that was loaded after these markers were read. */
export function marksOf(
  markerKeys: readonly string[],
  markers: ReadonlyMap<string, Marker>,
): readonly TagMark[] {
  return markerKeys.flatMap((key) => {
    const marker = markers.get(key);
    return marker === undefined ? [] : [{ tag: key.slice(reservedPrefix.length), nonce: marker.nonce }];
  });
}

/** Whether the marker of a value is there and the one that it had when the value was loaded. */
export function isUnchanged({ tag, nonce }: TagMark, markers: Markers): boolean {
  const marker = markers.get(markerKeyOf(tag));
  return typeof marker === 'object' && Buffer.compare(marker.nonce, nonce) === 0;
}
