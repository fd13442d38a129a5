import type { ServerResponse } from 'node:http';
import {
  type AnswerTap,
  asBuffer,
  bytesOf,
  type Exchange,
  headerText,
  isFinal,
  type Method,
  methodOf,
  replace,
  type SentAnswer,
  untilOut,
  withUtf8,
} from './exchange.js';

type Headers = Readonly<Record<string, unknown>>;

/** As much of Fastify's reply as is needed. */
export interface FastifyReply {
  readonly raw: ServerResponse;
  statusCode: number;
  getHeader(name: string): unknown;
  getHeaders(): Headers;
  header(name: string, value: unknown): unknown;
  removeHeader(name: string): unknown;
  /** As the route's schema says, where it has one. */
  serialize(payload: unknown): string | Uint8Array;
  send(payload?: unknown): unknown;
}

/** Fastify sends by `send`, before compression and other hooks of `onSend`. */
export class FastifyExchange implements Exchange {
  readonly #reply: FastifyReply;
  readonly #send: Method;
  #headersBefore: Headers | undefined;
  #isSent = false;

  constructor(reply: FastifyReply) {
    this.#reply = reply;
    this.#send = methodOf(reply, 'send');
  }

  header(name: string): string | undefined {
    return headerText(this.#reply.getHeader(name));
  }

  tap(tap: AnswerTap): void {
    const reply = this.#reply;
    this.#headersBefore ??= reply.getHeaders();
    let isHeard = false;
    replace(reply, 'send', (payload) => {
      // Its error handler sends another payload for an error; and what comes after an answer is none.
      if ((payload instanceof Error && !this.#isSent) || isHeard) return this.#pass(payload);
      isHeard = true;
      const isUnderWay = !this.#isSent && reply.raw.headersSent;
      if (isStream(payload) || payload instanceof Error || isUnderWay) {
        tap.passed();
        return this.#pass(payload);
      }
      const final = this.#finalOf(payload);
      const { statusCode } = reply;
      const { headers, isNotModified } = tap.sent({
        statusCode,
        body: bytesOf(final),
        header: (name) => this.header(name),
      });
      if (this.#isSent) return reply;
      for (const [name, value] of Object.entries(headers)) reply.header(name, value);
      if (!isNotModified) return this.#send(final ?? undefined);
      reply.statusCode = 304;
      reply.removeHeader('content-type');
      return this.#send();
    });
  }

  async send({ statusCode, headers, body }: SentAnswer): Promise<void> {
    const reply = this.#reply;
    const present = reply.getHeaders();
    const before = this.#headersBefore ?? present;
    for (const name of Object.keys(present)) if (!(name in before)) reply.removeHeader(name);
    setAll(reply, { ...before, ...headers });
    reply.statusCode = statusCode;
    this.#send(body.length === 0 ? undefined : asBuffer(body));
    this.#isSent = true;
    if (!Object.hasOwn(reply, 'send')) replace(reply, 'send', () => reply);
    await untilOut(reply.raw);
    // What is said from now on is said of another answer.
    for (const name of Object.keys(headers)) if (!(name in present)) reply.removeHeader(name);
    setAll(reply, present);
  }

  onClose(listener: () => void): void {
    if (this.#reply.raw.closed) listener();
    else this.#reply.raw.once('close', listener);
  }

  #pass(payload: unknown): unknown {
    return this.#isSent ? this.#reply : this.#send(payload);
  }

  /** As Fastify's own `send` does it afterwards; hooks of `preSerialization` see a text, which they leave alone. */
  #finalOf(payload: unknown): string | Uint8Array | null | undefined {
    const type = this.header('content-type');
    if (payload === undefined) return undefined;
    if (payload instanceof Uint8Array) {
      if (type === undefined) this.#reply.header('content-type', 'application/octet-stream');
      return payload;
    }
    const isText = typeof payload === 'string';
    if (type === undefined || type.includes('json'))
      this.#reply.header('content-type', withUtf8(type ?? (isText ? 'text/plain' : 'application/json')));
    return isFinal(payload) && payload !== null ? payload : this.#reply.serialize(payload);
  }
}

function setAll(reply: FastifyReply, headers: Headers): void {
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) reply.header(name, value);
}

/** Of Node or of the web, or an answer of `fetch`. */
function isStream(payload: unknown): boolean {
  if (typeof payload !== 'object' || payload === null) return false;
  return (
    'pipe' in payload ||
    'getReader' in payload ||
    Object.prototype.toString.call(payload) === '[object Response]'
  );
}
