import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { type Method, replace } from './exchange.js';

export type Headers = Readonly<Record<string, unknown>>;

/**
 * Lets a response that is out be written once more, by who does not know of that: what is said of headers is kept here, and none of
 * it is that of the answer that was sent.
 */
export function standInForHeaders(
  target: object,
  headers: Headers,
  names: Readonly<Record<string, keyof HeaderStandIn>>,
) {
  const standIn = new HeaderStandIn(target, headers);
  for (const [name, method] of Object.entries(names)) replace(target, name, standIn[method] as Method);
}

/** Express's response is Node's. @param isHeard whether something hears what is sent, and sends nothing */
export function standInForResponse(
  response: ServerResponse,
  headers: OutgoingHttpHeaders,
  isHeard: boolean,
): void {
  standInForHeaders(response, headers, {
    getHeader: 'get',
    hasHeader: 'has',
    getHeaders: 'all',
    getHeaderNames: 'names',
    removeHeader: 'remove',
    setHeader: 'set',
    appendHeader: 'append',
  });
  replace(response, 'writeHead', () => response);
  replace(response, 'flushHeaders', () => undefined);
  Object.defineProperty(response, 'headersSent', { get: () => false, configurable: true });
  if (isHeard) return;
  for (const name of ['send', 'end', 'write']) replace(response, name, () => response);
}

class HeaderStandIn {
  readonly #target: object;
  readonly #headers: Map<string, unknown>;

  constructor(target: object, headers: Headers) {
    this.#target = target;
    this.#headers = new Map(Object.entries(headers).filter(([, value]) => value !== undefined));
  }

  readonly get = (name: string): unknown => this.#headers.get(name.toLowerCase());
  readonly has = (name: string): boolean => this.#headers.has(name.toLowerCase());
  readonly all = (): Headers => Object.fromEntries(this.#headers);
  readonly names = (): string[] => [...this.#headers.keys()];

  readonly set = (name: string, value: unknown): object => {
    this.#headers.set(name.toLowerCase(), value);
    return this.#target;
  };

  readonly setAll = (headers: Headers): object => {
    for (const [name, value] of Object.entries(headers)) this.set(name, value);
    return this.#target;
  };

  readonly setType = (type: string): object => this.set('content-type', type);

  readonly append = (name: string, value: unknown): object =>
    this.set(name, [this.get(name) ?? [], value].flat());

  readonly remove = (name: string): object => {
    this.#headers.delete(name.toLowerCase());
    return this.#target;
  };
}
