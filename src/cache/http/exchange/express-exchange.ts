import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { withinTime } from '../../../foundation/time/pause.js';
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
  whenOver,
  withUtf8,
} from './exchange.js';
import { standInForResponse } from './stand-in.js';

const reopenLimitMs = 1_000;

/** Express sends what is buffered by `send`, but for redirects, which it ends at once. */
export class ExpressExchange implements Exchange {
  readonly #response: ServerResponse;
  readonly #send: Method;
  /** What was said before the handler. */
  #headersBefore: OutgoingHttpHeaders = {};
  /** What was said before a stored answer was sent. */
  #present: OutgoingHttpHeaders = {};
  #statusBefore = 200;
  #isTapped = false;
  #isSending = false;
  #isSent = false;

  constructor(response: ServerResponse) {
    this.#response = response;
    this.#send = methodOf(response, 'send');
  }

  get isUnderWay(): boolean {
    return this.#response.headersSent;
  }

  get isGone(): boolean {
    return this.#response.req.socket.destroyed;
  }

  header(name: string): string | undefined {
    return headerText(this.#response.getHeader(name));
  }

  tap(tap: AnswerTap): void {
    const response = this.#response;
    if (!this.#isSent) this.#headersBefore = response.getHeaders();
    this.#isTapped = true;
    const [end, write, writeHead] = ['end', 'write', 'writeHead'].map((name) => methodOf(response, name));
    let isHeard = false;
    let isTaken = false;
    const take = (body: Uint8Array) => {
      isHeard = true;
      isTaken = true;
      const { statusCode } = response;
      const { headers, isNotModified } = tap.sent({ statusCode, body, header: (name) => this.header(name) });
      if (this.#isSent) return tap.out();
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
      const [body, encoding] = args;
      const isWhole = isFinal(body) && (typeof encoding !== 'string' || /^utf-?8$/i.test(encoding));
      if (response.headersSent || !(isWhole || typeof body === 'function')) pass();
      else if (!isHeard && !this.#isSending) take(bytesOf(isFinal(body) ? body : undefined));
      return this.#isSent ? response : end?.(...args);
    });
    replace(response, 'write', (...args) => {
      pass();
      return this.#isSent ? true : write?.(...args);
    });
    if (this.#isSent) return;
    replace(response, 'writeHead', (...args) => {
      const written = writeHead?.(...args);
      if (isTaken && !this.#isSent) tap.out();
      return written;
    });
  }

  async send(answer: SentAnswer): Promise<void> {
    const { statusCode, headers } = answer;
    const response = this.#response;
    this.#present = response.getHeaders();
    this.#statusBefore = response.statusCode;
    if (this.#isTapped) this.#withdraw();
    for (const name in headers) response.setHeader(name, headers[name] ?? '');
    response.statusCode = statusCode;
    this.#isSending = true;
    this.#send(payloadOf(answer));
    this.#isSending = false;
    // Else a middleware, as for compression or a session, is at work.
    if (!response.headersSent) await whenOver(response);
    this.#isSent = true;
    if (!this.#isTapped) Object.assign(response, ignoring);
  }

  async reopen(): Promise<boolean> {
    const isOut = await withinTime(
      this.over().then(() => true),
      reopenLimitMs,
    );
    if (isOut !== true) return false;
    if (!this.#isTapped) for (const name in ignoring) Reflect.deleteProperty(this.#response, name);
    this.#response.statusCode = this.#statusBefore;
    standInForResponse(this.#response, this.#present, this.#isTapped);
    return true;
  }

  over(): Promise<void> {
    return whenOver(this.#response);
  }

  /** What a handler that goes on has said until now is no part of what is sent in its place. */
  #withdraw(): void {
    for (const name of Object.keys(this.#present)) this.#response.removeHeader(name);
    for (const [name, value] of Object.entries(this.#headersBefore))
      if (value !== undefined) this.#response.setHeader(name, value);
  }

  /** As Express's own `send` does afterwards, so that what is stored has it. */
  #setType(body: string | Uint8Array | null | undefined): void {
    const type = this.header('content-type');
    if (typeof body === 'string') this.#response.setHeader('content-type', withUtf8(type ?? 'text/html'));
    else if (body instanceof Uint8Array && type === undefined)
      this.#response.setHeader('content-type', 'application/octet-stream');
  }
}

/** What Nest does with a response that is out. */
const ignoring = {
  send: ignore,
  json: ignore,
  status: ignore,
  redirect: ignore,
  render: ignore,
  end: ignore,
};
