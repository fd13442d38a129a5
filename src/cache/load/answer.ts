import { type Shareable, shareable } from '../near/shareable.js';

/** What a read or a load found, before it is decoded: each caller gets a copy of its own, or all the same frozen one. */
export interface Answer {
  readonly source: 'cache' | 'stale' | 'loader';
  readonly content: Content;
  /** When it was stored, as time of day; undefined where that is not known. */
  readonly createdAtMs?: number | undefined;
  /** Keys of the markers of its tags; undefined: it has none. */
  readonly markerKeys?: readonly string[] | undefined;
  /** Only for the caller whose loader ran: who joined it asks again, because the key may have been changed meanwhile. */
  readonly isUnshared?: boolean;
  /** The refresh behind that the read has begun; it may reject. */
  readonly refresh?: Promise<unknown> | undefined;
}

export type Content = Encoded | Unencoded | typeof notFound;

/** What the codec wrote. */
interface Encoded {
  readonly kind: 'bytes';
  readonly bytes: Uint8Array;
  /** A copy that is decoded already, for the first who asks. */
  decoded?: { readonly value: unknown } | undefined;
  /** What all may have; null: there is nothing like that. */
  shareable?: Shareable | null;
}

/** What the codec cannot write, as the loader gave it. */
interface Unencoded {
  readonly kind: 'unencoded';
  readonly value: unknown;
}

export const notFound = { kind: 'not-found' } as const;

/** A copy for one caller. */
export function takeValue(content: Content, decode: (bytes: Uint8Array) => unknown): unknown {
  if (content.kind === 'not-found') return undefined;
  if (content.kind === 'unencoded') return content.value;
  const { decoded } = content;
  if (decoded === undefined) return decode(content.bytes);
  content.decoded = undefined;
  return decoded.value;
}

/** What all callers may have; undefined: each needs a copy of its own. */
export function shareableIn(content: Content, decode: (bytes: Uint8Array) => unknown): Shareable | undefined {
  if (content.kind === 'not-found') return { value: undefined, isCopied: false };
  if (content.kind === 'unencoded') return undefined;
  if (content.shareable === undefined) {
    const value = takeValue(content, decode);
    // With a schema that needs time, the first value was kept in `decoded`; who comes too late for it needs one of its own.
    content.shareable = value instanceof Promise ? null : (shareable(value) ?? null);
  }
  return content.shareable ?? undefined;
}

/** How old it is by now, in seconds; another process's clock may be ahead of this one's. */
export function ageSecondsOf(createdAtMs: number): number {
  return Math.max(0, Date.now() - createdAtMs) / 1000;
}
