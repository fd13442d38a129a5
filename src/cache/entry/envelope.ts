import { float64s, joined, uint32, viewOf } from './bytes.js';

/** A tag that a value carries, with the nonce of its marker. */
export interface TagMark {
  /** Half a surrogate pair in it comes back as U+FFFD, as it does in the keys of Momento. */
  readonly tag: string;
  /** 16 bytes. */
  readonly nonce: Uint8Array;
}

/** Until when an entry may be used, and how. Times are epoch milliseconds; Infinity: for ever. */
export interface Windows {
  /** Undefined: not known. By the clock of the process that wrote it, so that it can lie in the future. */
  readonly createdAtMs: number | undefined;
  readonly freshUntilMs: number;
  /** Handed out at once, and refreshed behind. */
  readonly staleUntilMs: number;
  /** Handed out when the loader fails. */
  readonly usableUntilMs: number;
  /** How long the load took; 0 when it is not known. */
  readonly loadMs: number;
  readonly tags: readonly TagMark[];
}

/** What is stored under a key. */
export type StoredEntry =
  | ({ readonly kind: 'value'; readonly payload: Uint8Array } & Windows)
  | ({ readonly kind: 'not-found' } & Windows)
  | {
      readonly kind: 'lease';
      /** 16 bytes. */
      readonly token: Uint8Array;
      /** The stored bytes that the lease replaced and that may still be used, not read yet. */
      readonly former: Uint8Array | undefined;
    }
  | {
      readonly kind: 'marker';
      /** 16 bytes. */
      readonly nonce: Uint8Array;
      readonly createdAtMs: number;
    }
  | { readonly kind: 'unreadable' };

/** docs/format.md says what the bytes mean: keep the two together. */
const firstByte = 0;
const version = 1;
const kinds = { value: 1, notFound: 2, lease: 3, marker: 4 } as const;

const headerAt = 6;
const randomBytes = 16;
/** Of the kind, five numbers, and the number of tags. */
const windowsBytes = 1 + 5 * 8 + 4;
const leaseBytes = 1 + randomBytes + 1;
const markerBytes = 1 + randomBytes + 8;

const noBytes: Uint8Array = new Uint8Array(0);
const noTags: readonly TagMark[] = Object.freeze([]);
const unreadable: StoredEntry = Object.freeze({ kind: 'unreadable' });

const encoder = new TextEncoder();
// By default it would take a byte order mark away from a tag that begins with one.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Whether it is read as an envelope. A payload of which this is true must be wrapped in one. */
export function isEnvelope(stored: Uint8Array): boolean {
  return stored[0] === firstByte;
}

/**
 * Reads what is stored, whoever wrote it: a version that is not known, or a header that is cut or broken, is unreadable.
 * Never throws. Payload and former value are views on `stored`; nonces and tokens are copies, because they are kept longer.
 */
export function readEntry(stored: Uint8Array): StoredEntry {
  if (isEnvelope(stored)) return readEnvelope(stored);
  return {
    kind: 'value',
    payload: stored,
    createdAtMs: undefined,
    freshUntilMs: Infinity,
    staleUntilMs: Infinity,
    usableUntilMs: Infinity,
    loadMs: 0,
    tags: noTags,
  };
}

function readEnvelope(stored: Uint8Array): StoredEntry {
  if (stored.length < headerAt || stored[1] !== version) return unreadable;
  const headerBytes = viewOf(stored).getUint32(2);
  if (headerBytes > stored.length - headerAt) return unreadable;
  const header = stored.subarray(headerAt, headerAt + headerBytes);
  const payload = stored.subarray(headerAt + headerBytes);
  return readHeader(header, payload) ?? unreadable;
}

/** What follows the known fields was added by a later version of this library: it is left out. */
function readHeader(header: Uint8Array, payload: Uint8Array): StoredEntry | undefined {
  switch (header[0]) {
    case kinds.value: {
      const windows = readWindows(header);
      return windows && { kind: 'value', payload, ...windows };
    }
    case kinds.notFound: {
      const windows = readWindows(header);
      return windows && { kind: 'not-found', ...windows };
    }
    case kinds.lease: {
      if (header.length < leaseBytes) return undefined;
      const hasFormer = header[1 + randomBytes] !== 0;
      return { kind: 'lease', token: copyAt(header, 1), former: hasFormer ? payload : undefined };
    }
    case kinds.marker: {
      if (header.length < markerBytes) return undefined;
      const createdAtMs = viewOf(header).getFloat64(1 + randomBytes);
      return Number.isNaN(createdAtMs)
        ? undefined
        : { kind: 'marker', nonce: copyAt(header, 1), createdAtMs };
    }
    case undefined:
    default:
      return undefined;
  }
}

function readWindows(header: Uint8Array): Windows | undefined {
  if (header.length < windowsBytes) return undefined;
  const view = viewOf(header);
  const createdAtMs = view.getFloat64(1);
  const freshUntilMs = view.getFloat64(9);
  const staleUntilMs = view.getFloat64(17);
  const usableUntilMs = view.getFloat64(25);
  const loadMs = view.getFloat64(33);
  if ([freshUntilMs, staleUntilMs, usableUntilMs].some(Number.isNaN)) return undefined;
  if (!Number.isFinite(loadMs) || loadMs < 0) return undefined;
  const tags = readTags(header, view);
  return (
    tags && {
      createdAtMs: Number.isNaN(createdAtMs) ? undefined : createdAtMs,
      freshUntilMs,
      staleUntilMs,
      usableUntilMs,
      loadMs,
      tags,
    }
  );
}

function readTags(header: Uint8Array, view: DataView): readonly TagMark[] | undefined {
  const count = view.getUint32(windowsBytes - 4);
  const tags: TagMark[] = [];
  // The count is not trusted: each tag must be there before it is taken.
  for (let at = windowsBytes; tags.length < count;) {
    if (at + 4 > header.length) return undefined;
    const nonceAt = at + 4 + view.getUint32(at);
    if (nonceAt + randomBytes > header.length) return undefined;
    tags.push({ tag: decoder.decode(header.subarray(at + 4, nonceAt)), nonce: copyAt(header, nonceAt) });
    at = nonceAt + randomBytes;
  }
  return tags;
}

/** @param payload what the codec wrote */
export function writeValue(payload: Uint8Array, windows: Windows): Uint8Array {
  return envelope(kinds.value, windowFields(windows), payload);
}

export function writeNotFound(windows: Windows): Uint8Array {
  return envelope(kinds.notFound, windowFields(windows));
}

/**
 * @param token 16 random bytes, so that no two leases are equal
 * @param former the stored bytes that the lease replaces, when they may still be used
 */
export function writeLease(token: Uint8Array, former?: Uint8Array): Uint8Array {
  // A former value may be empty, so that a byte says whether there is one.
  return envelope(kinds.lease, [token, Uint8Array.of(former ? 1 : 0)], former);
}

/** @param nonce 16 random bytes */
export function writeMarker(nonce: Uint8Array, createdAtMs: number): Uint8Array {
  return envelope(kinds.marker, [nonce, float64s(createdAtMs)]);
}

function windowFields(windows: Windows): Uint8Array[] {
  const { createdAtMs = Number.NaN, freshUntilMs, staleUntilMs, usableUntilMs, loadMs, tags } = windows;
  const marks = tags.flatMap(({ tag, nonce }) => {
    const name = encoder.encode(tag);
    return [uint32(name.length), name, nonce];
  });
  const numbers = float64s(createdAtMs, freshUntilMs, staleUntilMs, usableUntilMs, loadMs);
  return [numbers, uint32(tags.length), ...marks];
}

function envelope(kind: number, fields: readonly Uint8Array[], payload = noBytes): Uint8Array {
  const header = joined([Uint8Array.of(kind), ...fields]);
  return joined([Uint8Array.of(firstByte, version), uint32(header.length), header, payload]);
}

function copyAt(bytes: Uint8Array, at: number): Uint8Array {
  return new Uint8Array(bytes.subarray(at, at + randomBytes));
}
