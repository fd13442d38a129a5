import type { MomentoCodec } from '../../../foundation/momento.codecs.js';

/** What was sent, as it is stored. */
export interface StoredAnswer {
  readonly statusCode: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** When it was sent, as time of day. */
  readonly sentAtMs: number;
  /** Without any encoding. */
  readonly body: Uint8Array;
}

/** In the place of an answer: by which headers of the request answers differ, each stored under a key of its own. */
export interface VariantList {
  readonly variesBy: readonly string[];
}

interface Head {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly sentAtMs?: number;
  readonly variesBy?: readonly string[];
}

/** Version, then the length of the head as a big-endian number of 4 bytes; the head, as JSON; the body. */
const version = 1;
const fixedBytes = 5;

export function packAnswer({ statusCode, headers, sentAtMs, body }: StoredAnswer): Uint8Array {
  return pack({ status: statusCode, headers: { ...headers }, sentAtMs }, body);
}

export function packVariants({ variesBy }: VariantList): Uint8Array {
  return pack({ variesBy }, new Uint8Array());
}

function pack(head: Head, body: Uint8Array): Uint8Array {
  const text = Buffer.from(JSON.stringify(head));
  const fixed = Buffer.alloc(fixedBytes);
  fixed.writeUInt8(version);
  fixed.writeUInt32BE(text.length, 1);
  return Buffer.concat([fixed, text, body]);
}

/** The body is a view of the bytes. */
export function unpack(stored: Uint8Array): StoredAnswer | VariantList {
  const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
  const bodyAt = fixedBytes + bytes.readUInt32BE(1);
  const head = JSON.parse(bytes.toString('utf8', fixedBytes, bodyAt)) as Head;
  const { status, headers = {}, sentAtMs = 0, variesBy } = head;
  if (variesBy !== undefined) return { variesBy };
  if (status === undefined) throw new TypeError('the answer has no status');
  return { statusCode: status, headers, sentAtMs, body: bytes.subarray(bodyAt) };
}

/** Bytes that `unpack` can read, as they are: an answer is sent from them, and what is of another version is a miss. */
export const answerCodec: MomentoCodec<Uint8Array> = {
  encode: (bytes) => bytes,
  decode(bytes) {
    if (bytes[0] !== version) throw new TypeError('not an answer of this version');
    unpack(bytes);
    return bytes;
  },
};
