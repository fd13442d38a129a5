import { withinTime } from '../../../foundation/time/pause.js';
import {
  type Additions,
  type AnswerTap,
  bytesOf,
  type Exchange,
  headerText,
  ignore,
  type Method,
  methodOf,
  payloadOf,
  replace,
  type SentAnswer,
  whenOver,
  withUtf8,
} from './exchange.js';
import {
  type FastifyReply,
  isStream,
  isText,
  mayHaveSerializationHooks,
  orElse,
  presentOf,
  type Serializer,
  type Text,
} from './fastify-reply.js';
import { type Headers, standInForHeaders } from './stand-in.js';

const reopenLimitMs = 1_000;

/** Fastify sends by `send`, before compression and other hooks of `onSend`. */
export class FastifyExchange implements Exchange {
  readonly #reply: FastifyReply;
  readonly #send: Method;
  /** What was said before the handler. */
  #headersBefore: Headers = {};
  /** What was said before a stored answer was sent. */
  #present: Headers = {};
  #statusBefore = 200;
  #isTapped = false;
  #isSent = false;

  constructor(reply: FastifyReply) {
    this.#reply = reply;
    this.#send = methodOf(reply, 'send');
  }

  get isUnderWay(): boolean {
    return this.#reply.raw.headersSent;
  }

  get isGone(): boolean {
    return this.#reply.raw.req.socket.destroyed;
  }

  header(name: string): string | undefined {
    return headerText(this.#reply.getHeader(name));
  }

  tap(tap: AnswerTap): void {
    const reply = this.#reply;
    if (!this.#isSent) this.#headersBefore = reply.getHeaders();
    this.#isTapped = true;
    let serializer: Serializer | undefined;
    const setSerializer = methodOf(reply, 'serializer');
    replace(reply, 'serializer', (given) => {
      serializer = given as Serializer;
      return setSerializer(given);
    });
    const serialize: Serializer = (payload) =>
      serializer === undefined ? reply.serialize(payload) : serializer(payload);
    let isHeard = false;
    replace(reply, 'send', (given) => {
      // Its error handler sends another payload for an error; and what comes after an answer is none.
      if ((given instanceof Error && !this.#isSent) || isHeard) return this.#pass(given);
      isHeard = true;
      if (this.#isUnseen(given)) {
        tap.passed();
        return this.#pass(given);
      }
      // As Fastify does it: a text is serialized only where it has a type.
      const isTyped = typeof given === 'string' && this.header('content-type') !== undefined;
      const payload = isTyped && serializer !== undefined ? serializer(given) : given;
      this.#setType(payload);
      if (payload === undefined || isText(payload)) {
        setSerializer(null);
        const { isNotModified } = this.#take(tap, payload);
        return this.#pass(isNotModified ? undefined : payload);
      }
      if (this.#isSent) {
        this.#take(tap, serialize(payload));
        return reply;
      }
      // Where Fastify does it, behind its hooks of `preSerialization`.
      setSerializer((last: unknown) => {
        setSerializer(serializer ?? null);
        const text = orElse(
          () => serialize(last),
          () => tap.passed(),
        );
        return this.#take(tap, text).isNotModified ? undefined : text;
      });
      return this.#send(payload);
    });
  }

  async send(answer: SentAnswer): Promise<void> {
    const { statusCode, headers } = answer;
    const reply = this.#reply;
    this.#present = this.#isTapped ? this.#withdraw() : presentOf(reply, headers);
    this.#statusBefore = reply.statusCode;
    if (statusCode === 304) reply.removeHeader('content-type');
    for (const name in headers) reply.header(name, headers[name]);
    reply.statusCode = statusCode;
    this.#send(payloadOf(answer));
    // Else hooks of `onSend` are under way, whose errors are sent by the same reply.
    if (!reply.raw.headersSent) await whenOver(reply.raw);
    this.#isSent = true;
    if (!this.#isTapped) Object.assign(reply, ignoring);
  }

  async reopen(): Promise<boolean> {
    const reply = this.#reply;
    const isOut = await withinTime(
      this.over().then(() => true),
      reopenLimitMs,
    );
    if (isOut !== true) return false;
    if (!this.#isTapped) for (const name in ignoring) Reflect.deleteProperty(reply, name);
    if (!this.#isTapped) replace(reply, 'send', () => reply);
    reply.statusCode = this.#statusBefore;
    standInForHeaders(
      reply,
      { ...reply.getHeaders(), ...this.#present },
      {
        getHeader: 'get',
        hasHeader: 'has',
        getHeaders: 'all',
        removeHeader: 'remove',
        header: 'set',
        headers: 'setAll',
        type: 'setType',
      },
    );
    return true;
  }

  over(): Promise<void> {
    return whenOver(this.#reply.raw);
  }

  #take(tap: AnswerTap, text: Text | undefined): Additions {
    const reply = this.#reply;
    const { statusCode } = reply;
    const additions = tap.sent({ statusCode, body: bytesOf(text), header: (name) => this.header(name) });
    if (this.#isSent) {
      tap.out();
      return additions;
    }
    const writeHead = methodOf(reply.raw, 'writeHead');
    replace(reply.raw, 'writeHead', (...args) => {
      const written = writeHead(...args);
      tap.out();
      return written;
    });
    for (const [name, value] of Object.entries(additions.headers)) reply.header(name, value);
    if (additions.isNotModified) {
      reply.statusCode = 304;
      reply.removeHeader('content-type');
    }
    return additions;
  }

  #pass(payload: unknown): unknown {
    return this.#isSent ? this.#reply : this.#send(payload);
  }

  /** Whether what is sent cannot be told: a stream, what follows what the handler wrote itself, or what a hook would change. */
  #isUnseen(payload: unknown): boolean {
    if (isStream(payload) || payload instanceof Error) return true;
    if (!this.#isSent) return this.#reply.raw.headersSent;
    return payload !== undefined && !isText(payload) && mayHaveSerializationHooks(this.#reply);
  }

  /** As Fastify's own `send` does afterwards, so that what is stored has it. */
  #setType(payload: unknown): void {
    const type = this.header('content-type');
    if (payload === undefined) return;
    if (payload instanceof Uint8Array) {
      if (type === undefined) this.#reply.header('content-type', 'application/octet-stream');
    } else if (type === undefined || type.includes('json')) {
      const own = typeof payload === 'string' ? 'text/plain' : 'application/json';
      this.#reply.header('content-type', withUtf8(type ?? own));
    }
  }

  /** What a handler that goes on has said until now is no part of what is sent in its place. @returns what it has said */
  #withdraw(): Headers {
    const present = this.#reply.getHeaders();
    for (const name of Object.keys(present)) this.#reply.removeHeader(name);
    for (const [name, value] of Object.entries(this.#headersBefore))
      if (value !== undefined) this.#reply.header(name, value);
    return present;
  }
}

/** What Nest does with a reply that is out. */
const ignoring = { send: ignore, status: ignore, code: ignore, view: ignore };
