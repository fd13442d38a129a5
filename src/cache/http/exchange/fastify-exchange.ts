import type { ServerResponse } from 'node:http';
import {
  type AnswerTap,
  bytesOf,
  type Exchange,
  headerText,
  ignore,
  isFinal,
  type Method,
  methodOf,
  payloadOf,
  replace,
  type SentAnswer,
  untilOut,
  withUtf8,
} from './exchange.js';
import { type Headers, standInForHeaders } from './stand-in.js';

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
  /** What was said before the handler. */
  #headersBefore: Headers = {};
  /** What was said before a stored answer was sent. */
  #present: Headers = {};
  #isTapped = false;
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
    if (!this.#isSent) this.#headersBefore = reply.getHeaders();
    this.#isTapped = true;
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
      if (this.#isSent) {
        tap.out();
        return reply;
      }
      const writeHead = methodOf(reply.raw, 'writeHead');
      replace(reply.raw, 'writeHead', (...args) => {
        const written = writeHead(...args);
        tap.out();
        return written;
      });
      for (const [name, value] of Object.entries(headers)) reply.header(name, value);
      if (!isNotModified) return this.#send(final ?? undefined);
      reply.statusCode = 304;
      reply.removeHeader('content-type');
      return this.#send();
    });
  }

  async send(answer: SentAnswer): Promise<void> {
    const { statusCode, headers } = answer;
    const reply = this.#reply;
    this.#present = this.#isTapped ? this.#withdraw() : presentOf(reply, headers);
    if (statusCode === 304) reply.removeHeader('content-type');
    for (const name in headers) reply.header(name, headers[name]);
    reply.statusCode = statusCode;
    this.#send(payloadOf(answer));
    this.#isSent = true;
    if (!this.#isTapped) Object.assign(reply, ignoring);
    // Else hooks of `onSend` are under way.
    if (!reply.raw.headersSent) await untilOut(reply.raw);
  }

  async reopen(): Promise<void> {
    const reply = this.#reply;
    await untilOut(reply.raw);
    for (const name of Object.keys(ignoring))
      if (!this.#isTapped || name !== 'send') Reflect.deleteProperty(reply, name);
    if (!this.#isTapped) replace(reply, 'send', () => reply);
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
  }

  /** What a handler that goes on has said until now is no part of what is sent in its place. @returns what it has said */
  #withdraw(): Headers {
    const present = this.#reply.getHeaders();
    for (const name of Object.keys(present)) this.#reply.removeHeader(name);
    for (const [name, value] of Object.entries(this.#headersBefore))
      if (value !== undefined) this.#reply.header(name, value);
    return present;
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

/** What Nest does with a reply that is out. */
const ignoring = { send: ignore, status: ignore, code: ignore };

/** What is said by these names, and of the content. */
function presentOf(reply: FastifyReply, headers: Headers): Headers {
  const present: Record<string, unknown> = { 'content-type': reply.getHeader('content-type') };
  for (const name in headers) present[name] = reply.getHeader(name);
  return present;
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
