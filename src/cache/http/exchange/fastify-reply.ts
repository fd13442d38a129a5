import type { ServerResponse } from 'node:http';
import type { Headers } from './stand-in.js';

export type Text = string | Uint8Array;
export type Serializer = (payload: unknown) => Text;

/** As much of Fastify's reply as is needed. */
export interface FastifyReply {
  readonly raw: ServerResponse;
  statusCode: number;
  getHeader(name: string): unknown;
  getHeaders(): Headers;
  header(name: string, value: unknown): unknown;
  removeHeader(name: string): unknown;
  /** By what `serializer` was given, or as the route's schema says. */
  serialize: Serializer;
  serializer(serializer: ((payload: unknown) => Text | undefined) | null): unknown;
  send(payload?: unknown): unknown;
}

/** What is said by these names, and of the content. */
export function presentOf(reply: FastifyReply, headers: Headers): Headers {
  const present: Record<string, unknown> = { 'content-type': reply.getHeader('content-type') };
  for (const name in headers) present[name] = reply.getHeader(name);
  return present;
}

export function isText(payload: unknown): payload is Text {
  return typeof payload === 'string' || payload instanceof Uint8Array;
}

/** Of Node or of the web, or an answer of `fetch`. */
export function isStream(payload: unknown): boolean {
  if (typeof payload !== 'object' || payload === null) return false;
  return (
    'pipe' in payload ||
    'getReader' in payload ||
    Object.prototype.toString.call(payload) === '[object Response]'
  );
}

/** @throws what the work throws, after `failed` was called */
export function orElse<T>(work: () => T, failed: () => void): T {
  try {
    return work();
  } catch (error) {
    failed();
    throw error;
  }
}

/** As Fastify calls where it keeps the hooks of a route, which it does not tell otherwise. */
const routeContext = 'fastify.context';

/** Whether the route has hooks of `preSerialization`: they are not run for an answer that only the tap hears. */
export function mayHaveSerializationHooks(reply: object): boolean {
  let context: unknown;
  for (
    let owner: unknown = reply;
    owner !== null && context === undefined;
    owner = Object.getPrototypeOf(owner)
  ) {
    const symbol = Object.getOwnPropertySymbols(owner).find(
      ({ description }) => description === routeContext,
    );
    if (symbol !== undefined) context = Reflect.get(reply, symbol);
  }
  // Where it cannot be told, they may be there.
  return typeof context !== 'object' || context === null || Reflect.get(context, 'preSerialization') !== null;
}
