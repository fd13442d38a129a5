import { isSurelyJson, jsonProblem } from './values/json-form.js';

/** How values are stored and sent. What a codec throws becomes the `MomentoCacheError` or `MomentoTopicError` of the call. */
export interface MomentoCodec<T = unknown> {
  /** What is stored. */
  encode(value: T): string | Uint8Array;
  /** The value again; throws when the bytes are not of this codec. */
  decode(bytes: Uint8Array): T;
}

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
// Without `ignoreBOM`, a text that begins with one would lose it.
const lenientDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** Node's strict decoder costs several microseconds a value in the middle of a call, so only what looks broken meets it. */
function textOf(bytes: Uint8Array): string {
  const text = lenientDecoder.decode(bytes);
  return text.includes('\uFFFD') ? strictDecoder.decode(bytes) : text;
}

/**
 * JSON, the default. What has a `toJSON`, as a `Date`, comes back as what that gives; a property that is `undefined` is left
 * out. What would come back as something else is refused, within the value as well, with its place: `undefined` itself and in
 * an array, functions, symbols, bigints, `Map`, `Set`, bytes (a `Buffer`, too), and instances of classes without `toJSON`.
 */
export const jsonCodec: MomentoCodec = {
  encode(value) {
    const problem = isSurelyJson(value) ? undefined : jsonProblem(value);
    if (problem !== undefined) throw new TypeError(problem);
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined)
      throw new TypeError('the toJSON() of value gives undefined, which has no JSON form');
    return text;
  },
  decode: (bytes) => JSON.parse(textOf(bytes)) as unknown,
};

/** What `JSON.stringify` makes of a value, as other transports send it: instances of classes lose their class without a word. */
export const looseJsonCodec: MomentoCodec = {
  encode(value) {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) throw new TypeError('the value has no JSON form');
    return text;
  },
  decode: (bytes) => jsonCodec.decode(bytes),
};

/** Text as it is, for caches shared with clients that store plain strings. */
export const stringCodec: MomentoCodec<string> = {
  encode(value) {
    if (typeof value !== 'string') throw new TypeError(`a string is needed, not ${typeof value}`);
    return value;
  },
  decode: textOf,
};

/** Bytes as they are. */
export const bytesCodec: MomentoCodec<Uint8Array> = {
  encode(value) {
    if (!(value instanceof Uint8Array)) throw new TypeError(`a Uint8Array is needed, not ${typeof value}`);
    return value;
  },
  decode: (bytes) => bytes,
};
