import type { ServerResponse } from 'node:http';
import type { AnswerParts } from '../answers/stored-answer.js';
import type { Draft } from '../answers/judged-answer.js';

export type SentAnswer = Pick<AnswerParts, 'statusCode' | 'headers' | 'body'>;

/** What is added to an answer before it leaves. */
export interface Additions {
  readonly headers: Readonly<Record<string, string>>;
  /** The client has it already: 304, without a body. */
  readonly isNotModified: boolean;
}

/** Hears what becomes of an answer: it is sent, and then out, or it passes. */
export interface AnswerTap {
  sent(draft: Draft): Additions;
  /** Its headers are written, those included that a session or a hook adds last. Not called when the client is gone before that. */
  out(): void;
  /** It goes out in pieces, or past what can be seen: it is not taken. */
  passed(): void;
}

/** The answer to one request, whichever framework sends it. */
export interface Exchange {
  /** Whether the client has been sent something already. */
  readonly isUnderWay: boolean;
  /** Whether the client has left. */
  readonly isGone: boolean;
  /** What is said by now. */
  header(name: string): string | undefined;
  /** From now on hears what is sent. */
  tap(tap: AnswerTap): void;
  /**
   * Sends a stored answer, past the tap. After that nothing more goes out: what Nest does with the response is heard by the tap
   * alone, if by anything.
   *
   * @returns when nothing that is done to the response can change what was sent
   */
  send(answer: SentAnswer): Promise<void>;
  /**
   * After `send`: makes the response one that another answer can be given to, which only the tap hears.
   *
   * @returns false: it is not out after a while, as behind another answer on its connection, and stays as it is
   */
  reopen(): Promise<boolean>;
  /** @returns when all is sent, or the connection is gone */
  over(): Promise<void>;
}

/** @returns when all is sent, or the connection is gone; who logs what was answered has done so then */
export async function whenOver(response: ServerResponse): Promise<void> {
  // A response that waits behind another one on its connection never hears that this is gone.
  const { socket } = response.req;
  if (response.writableFinished || response.destroyed || response.closed || socket.destroyed) return;
  const ends = [
    [response, 'finish'],
    [response, 'close'],
    [socket, 'close'],
  ] as const;
  await new Promise<void>((resolve) => {
    const end = () => {
      for (const [emitter, event] of ends) emitter.off(event, end);
      resolve();
    };
    for (const [emitter, event] of ends) emitter.on(event, end);
  });
}

export type Method = (...args: unknown[]) => unknown;

/** The method as it is at this moment, for whoever stands in its place later. */
export function methodOf(object: object, name: string): Method {
  const method = Reflect.get(object, name) as Method;
  return (...args) => Reflect.apply(method, object, args);
}

/** For this object alone. */
export function replace(object: object, name: string, value: Method): void {
  Object.defineProperty(object, name, { value, writable: true, configurable: true });
}

/** In the place of a method that returns its object. */
export function ignore(this: unknown): unknown {
  return this;
}

/** Whether it is what goes out, as it is. */
export function isFinal(payload: unknown): payload is string | Uint8Array | null | undefined {
  return (
    typeof payload === 'string' || payload === null || payload === undefined || payload instanceof Uint8Array
  );
}

/** A copy: the handler may use its buffer again. */
export function bytesOf(payload: string | Uint8Array | null | undefined): Uint8Array {
  if (typeof payload === 'string') return Buffer.from(payload);
  return payload instanceof Uint8Array ? Uint8Array.prototype.slice.call(payload) : new Uint8Array();
}

/** The type of a text as it is sent, which is UTF-8. */
export function withUtf8(contentType: string): string {
  return `${contentType.replace(/;\s*charset=[^;]*/i, '')}; charset=utf-8`;
}

/** A header as one text. */
export function headerText(value: unknown): string | undefined {
  if (Array.isArray(value)) return value.join(', ');
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

/** The body as frameworks take it; undefined: there is none. */
export function payloadOf({ body }: SentAnswer): Buffer | undefined {
  return body.length === 0 ? undefined : Buffer.from(body.buffer, body.byteOffset, body.length);
}
