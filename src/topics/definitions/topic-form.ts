import { MomentoErrorCode } from '@gomomento/sdk';
import { jsonCodec, type MomentoCodec, stringCodec } from '../../foundation/momento.codecs.js';
import { type MomentoOperation, MomentoTopicError } from '../../foundation/momento.errors.js';
import { describeError } from '../../foundation/text/describe-error.js';
import { applySchema, type StandardSchema } from '../../foundation/values/standard-schema.js';

export interface TopicFormOptions {
  readonly codec: MomentoCodec;
  readonly schema: StandardSchema | undefined;
  readonly maxMessageBytes: number;
}

/** What these codecs make of the bytes of a text, without the way there and back. */
const decodersOfText: ReadonlyMap<MomentoCodec, (text: string) => unknown> = new Map([
  [jsonCodec, (text: string) => JSON.parse(text) as unknown],
  [stringCodec, (text: string) => text],
]);

/** How the messages of a topic are written and read. */
export class TopicForm {
  readonly #options: TopicFormOptions;

  constructor(options: TopicFormOptions) {
    this.#options = options;
  }

  get maxMessageBytes(): number {
    return this.#options.maxMessageBytes;
  }

  /** Whether both read a message as the same value. */
  readsLike(other: TopicForm): boolean {
    return this.#options.codec === other.#options.codec && this.#options.schema === other.#options.schema;
  }

  /**
   * @throws MomentoTopicError `INVALID_ARGUMENT_ERROR` for a value that does not fit the schema, that the codec refuses, or that is
   * longer than `maxMessageBytes`
   */
  async encode(operation: MomentoOperation, value: unknown): Promise<string | Uint8Array> {
    const { codec, schema, maxMessageBytes } = this.#options;
    try {
      // What arrives is read by the schema again: what is sent is as it was given.
      if (schema !== undefined) await applySchema(schema, value);
      const encoded = codec.encode(value);
      const bytes = typeof encoded === 'string' ? Buffer.byteLength(encoded) : encoded.length;
      if (bytes > maxMessageBytes)
        throw new RangeError(`it has ${bytes} bytes, more than maxMessageBytes, which is ${maxMessageBytes}`);
      return encoded;
    } catch (error) {
      const reason = `the value cannot be sent: ${describeError(error)}`;
      throw new MomentoTopicError(operation, MomentoErrorCode.INVALID_ARGUMENT_ERROR, reason);
    }
  }

  /** A promise only with a schema that needs time. @throws what codec and schema throw */
  decode(sent: string | Uint8Array): unknown {
    const { codec, schema } = this.#options;
    const value = decodeWith(codec, sent);
    return schema === undefined ? value : applySchema(schema, value);
  }
}

function decodeWith(codec: MomentoCodec, sent: string | Uint8Array): unknown {
  const decodeText = decodersOfText.get(codec);
  return typeof sent === 'string' && decodeText !== undefined
    ? decodeText(sent)
    : codec.decode(Buffer.from(sent));
}
