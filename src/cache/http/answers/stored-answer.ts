import { validateHeaderName, validateHeaderValue } from 'node:http';
import type { MomentoCodec } from '../../../foundation/momento.codecs.js';

export interface AnswerParts {
  readonly statusCode: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** When it was sent, as time of day. */
  readonly sentAtMs: number;
  /** For how long it may be used, in seconds; 0: it is only for those who wait for it at this moment. */
  readonly freshSeconds: number;
  /** Without any encoding. Nobody changes it: all who ask are sent the same bytes. */
  readonly body: Uint8Array;
}

/** What was sent, as it is stored. A near cache has one for all: what could be changed of it, its body, is private. */
export class StoredAnswer implements AnswerParts {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly sentAtMs: number;
  readonly freshSeconds: number;
  readonly #body: Uint8Array;

  constructor({ statusCode, headers, sentAtMs, freshSeconds, body }: AnswerParts) {
    this.statusCode = statusCode;
    this.headers = headers;
    this.sentAtMs = sentAtMs;
    this.freshSeconds = freshSeconds;
    this.#body = body;
  }

  get body(): Uint8Array {
    return this.#body;
  }
}

/** In the place of an answer: by which headers of the request answers differ, each stored under a key of its own. */
export interface VariantList {
  readonly variesBy: readonly string[];
  readonly freshSeconds: number;
}

type Stored = StoredAnswer | VariantList;
type Head = VariantList | Omit<AnswerParts, 'body'>;

/** Version, then the length of the head as a big-endian number of 4 bytes; the head, as JSON; the body. */
const version = 1;
const fixedBytes = 5;

/** Answers as bytes, of which the body is a part as it was sent. What is of another version is a miss. */
export const answerCodec: MomentoCodec<Stored> = {
  encode(stored) {
    const body = stored instanceof StoredAnswer ? stored.body : new Uint8Array();
    const text = Buffer.from(JSON.stringify(stored));
    const fixed = Buffer.alloc(fixedBytes);
    fixed.writeUInt8(version);
    fixed.writeUInt32BE(text.length, 1);
    return Buffer.concat([fixed, text, body]);
  },
  decode(stored) {
    const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
    if (bytes[0] !== version) throw new TypeError('not an answer of this version');
    const bodyAt = fixedBytes + bytes.readUInt32BE(1);
    if (bodyAt > bytes.length) throw new TypeError('the answer is cut off');
    const head = JSON.parse(bytes.toString('utf8', fixedBytes, bodyAt)) as Head;
    if ('variesBy' in head) return head;
    // Anybody may have written it: what cannot be sent is a miss.
    if (!Number.isInteger(head.statusCode)) throw new TypeError('the answer has no status');
    for (const [name, value] of Object.entries(head.headers)) {
      validateHeaderName(name);
      validateHeaderValue(name, value);
    }
    return new StoredAnswer({ ...head, body: bytes.subarray(bodyAt) });
  },
};
