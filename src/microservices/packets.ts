import { createHash, randomBytes } from 'node:crypto';
import { looseJsonCodec, type MomentoCodec } from '../foundation/momento.codecs.js';
import { defineTopic, type TopicDefinition } from '../topics/definitions/topic-definition.js';

/** Momento takes 1,024; the prefix has some of them. */
const longestNameBytes = 512;
/** What a topic may not be called as it is: controls, halves of characters, what could be taken for a topic of answers or a hash. */
const unfit = /^$|^#|^answers\/|[\p{Cc}\p{Cs}]/u;
const requestIdForm = /^([\w-]{22})\/\d{1,15}$/;
const answerIdForm = /^([\w-]{22}\/\d{1,15})\/([\w-]{22})$/;
const textDecoder = new TextDecoder();

/** As Nest's other transports read: what is no JSON is a text of somebody else's. */
const packetCodec: MomentoCodec = {
  encode: (packet) => looseJsonCodec.encode(packet),
  decode: (bytes) => {
    try {
      return looseJsonCodec.decode(bytes);
    } catch {
      return textDecoder.decode(bytes);
    }
  },
};

/** A name that nobody else has, of 22 characters. */
export const newName = (): string => randomBytes(16).toString('base64url');

/** The id of a request says whose it is: the answers go to the topic of that client, and to no topic of a stranger's choice. */
export const requestIdOf = (client: string, count: number): string => `${client}/${count}`;
export const clientIn = (id: unknown): string | undefined =>
  typeof id === 'string' ? requestIdForm.exec(id)?.[1] : undefined;

/** The id of an answer also says which instance it is from. */
export const answerIdOf = (requestId: string, server: string): string => `${requestId}/${server}`;
export function answerIn(id: unknown): { readonly requestId: string; readonly server: string } | undefined {
  const [, requestId, server] = (typeof id === 'string' && answerIdForm.exec(id)) || [];
  return requestId === undefined || server === undefined ? undefined : { requestId, server };
}

/** Where packets go: the names of topics, all with one prefix, in one cache. */
export class PacketTopics {
  readonly #prefix: string;
  readonly #cacheName: string | undefined;

  constructor(prefix: string, cacheName: string | undefined) {
    this.#prefix = prefix;
    this.#cacheName = cacheName;
  }

  /**
   * The topic of a pattern: its name behind the prefix, or a hash of it where a topic cannot have that name.
   *
   * @param route as Nest normalizes a pattern, which gives no text for what is neither text, number nor object
   */
  of(route: unknown): TopicDefinition<unknown> {
    const name = String(route);
    const isFit = !unfit.test(name) && Buffer.byteLength(name) <= longestNameBytes;
    return this.#define(isFit ? name : `#${hashOf(name)}`);
  }

  answersTo(client: string): TopicDefinition<unknown> {
    return this.#define(`answers/${client}`);
  }

  #define(name: string): TopicDefinition<unknown> {
    return defineTopic(`${this.#prefix}${name}`, { codec: packetCodec, cacheName: this.#cacheName });
  }
}

/** Of the JSON form, since halves of characters would all become the same in UTF-8. */
function hashOf(name: string): string {
  return createHash('sha256').update(JSON.stringify(name)).digest('hex');
}
