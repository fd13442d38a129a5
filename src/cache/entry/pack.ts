import type { CachePolicy } from '../options/cache-policy.js';
import { defaultTtlSeconds, wholeSeconds } from '../options/ttl.js';
import { isEnvelope, type TagMark, writeNotFound, writeValue } from './envelope.js';
import { jittered } from './windows.js';

/** What is written under a key, and for how long. */
export interface Packed {
  readonly value: string | Uint8Array;
  readonly ttlSeconds: number | undefined;
  /** How long it is fresh. */
  readonly freshSeconds: number;
}

export interface PackOptions {
  readonly policy: CachePolicy;
  /** Of this value; undefined: the connection's. */
  readonly ttlSeconds: number | undefined;
  /** How long the load took, in milliseconds; 0 for a value that was not loaded. */
  readonly loadMs: number;
  readonly tags?: readonly TagMark[];
  readonly random?: () => number;
}

/**
 * A value as it is stored: exactly what the codec wrote, so that any client can read it; in an envelope where it has windows,
 * tags or a load time to remember, or would be taken for an envelope.
 */
export function packValue(encoded: string | Uint8Array, options: PackOptions): Packed {
  const { policy, ttlSeconds, loadMs, tags = [], random = Math.random } = options;
  const { staleSeconds, staleIfErrorSeconds, ttlJitter, earlyRefresh } = policy;
  const hasWindows = staleSeconds > 0 || staleIfErrorSeconds > 0 || (earlyRefresh && loadMs > 0);
  // A text is not made into bytes for the sake of its first one.
  const looksLikeEnvelope = typeof encoded === 'string' ? encoded.startsWith('\0') : isEnvelope(encoded);
  const isPlain = !hasWindows && !looksLikeEnvelope && tags.length === 0;
  const fullSeconds = ttlSeconds ?? defaultTtlSeconds;
  if (isPlain && ttlJitter === 0)
    return { value: encoded, ttlSeconds: wholeOrNone(ttlSeconds), freshSeconds: fullSeconds };
  const freshSeconds = jittered(fullSeconds, ttlJitter, random);
  const usableSeconds = freshSeconds + staleSeconds + staleIfErrorSeconds;
  if (isPlain) return { value: encoded, ttlSeconds: wholeSeconds(usableSeconds), freshSeconds };
  const windows = windowsOf(Date.now(), [freshSeconds, staleSeconds, staleIfErrorSeconds]);
  return {
    value: writeValue(bytesOf(encoded), { ...windows, loadMs, tags }),
    ttlSeconds: wholeSeconds(usableSeconds),
    freshSeconds,
  };
}

/** That a loader found nothing, for so long. */
export function packNotFound(notFoundSeconds: number, tags: readonly TagMark[] = []): Packed {
  const windows = windowsOf(Date.now(), [notFoundSeconds, 0, 0]);
  return {
    value: writeNotFound({ ...windows, loadMs: 0, tags }),
    ttlSeconds: wholeSeconds(notFoundSeconds),
    freshSeconds: notFoundSeconds,
  };
}

export function bytesOf(encoded: string | Uint8Array): Uint8Array {
  return typeof encoded === 'string' ? Buffer.from(encoded) : encoded;
}

/** Times of day, since other processes read them. */
function windowsOf(createdAtMs: number, [fresh, stale, staleIfError]: readonly [number, number, number]) {
  const freshUntilMs = createdAtMs + fresh * 1000;
  const staleUntilMs = freshUntilMs + stale * 1000;
  return { createdAtMs, freshUntilMs, staleUntilMs, usableUntilMs: staleUntilMs + staleIfError * 1000 };
}

function wholeOrNone(ttlSeconds: number | undefined): number | undefined {
  return ttlSeconds === undefined ? undefined : wholeSeconds(ttlSeconds);
}
