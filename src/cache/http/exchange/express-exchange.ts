import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
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
import { standInFor } from './stand-in.js';

/** Express sends what is buffered by `send`, but for redirects, which it ends at once. */
export class ExpressExchange implements Exchange {
  readonly #response: ServerResponse;
  readonly #send: Method;
  #headersBefore: OutgoingHttpHeaders | undefined;
  #isSending = false;
  #isSent = false;

  constructor(response: ServerResponse) {
    this.#response = response;
    this.#send = methodOf(response, 'send');
  }

  header(name: string): string | undefined {
    return headerText(this.#response.getHeader(name));
  }

  tap(tap: AnswerTap): void {
    const response = this.#response;
    const [end, write] = [methodOf(response, 'end'), methodOf(response, 'write')];
    this.#headersBefore ??= response.getHeaders();
    let isHeard = false;
    const take = (body: Uint8Array) => {
      isHeard = true;
      const { statusCode } = response;
      const { headers, isNotModified } = tap.sent({ statusCode, body, header: (name) => this.header(name) });
      if (this.#isSent) return;
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
      if (isNotModified) response.statusCode = 304;
    };
    const pass = () => {
      if (!isHeard && !this.#isSending) tap.passed();
      isHeard ||= !this.#isSending;
    };
    replace(response, 'send', (body) => {
      // An object comes again, as the text that is sent.
      if (isHeard || !isFinal(body)) return this.#send(body);
      this.#setType(body);
      take(bytesOf(body));
      return this.#isSent ? response : this.#send(body);
    });
    replace(response, 'end', (...args) => {
      const [body] = args;
      if (response.headersSent || !(isFinal(body) || typeof body === 'function')) pass();
      else if (!isHeard && !this.#isSending) take(bytesOf(isFinal(body) ? body : undefined));
      return this.#isSent ? response : end(...args);
    });
    replace(response, 'write', (...args) => {
      pass();
      return this.#isSent ? true : write(...args);
    });
  }

  async send({ statusCode, headers, body }: SentAnswer): Promise<void> {
    const response = this.#response;
    const present = response.getHeaders();
    const before = this.#headersBefore ?? present;
    // What a handler that goes on has said until now is no part of this answer.
    for (const name of Object.keys(present)) response.removeHeader(name);
    for (const [name, value] of Object.entries({ ...before, ...headers }))
      if (value !== undefined && value !== null) response.setHeader(name, value);
    response.statusCode = statusCode;
    this.#isSending = true;
    this.#send(body.length === 0 ? undefined : asBuffer(body));
    this.#isSending = false;
    this.#isSent = true;
    await untilOut(response);
    standInFor(response, present, this.#headersBefore !== undefined);
  }

  onClose(listener: () => void): void {
    if (this.#response.closed) listener();
    else this.#response.once('close', listener);
  }

  /** As Express's own `send` does afterwards, so that what is stored has it. */
  #setType(body: string | Uint8Array | null | undefined): void {
    const type = this.header('content-type');
    if (typeof body === 'string') this.#response.setHeader('content-type', withUtf8(type ?? 'text/html'));
    else if (body instanceof Uint8Array && type === undefined)
      this.#response.setHeader('content-type', 'application/octet-stream');
  }
}
