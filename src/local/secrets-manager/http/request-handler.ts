import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsError } from '../aws-error.js';
import type { CallLog } from '../call-log.js';
import { faultAnswer, internalError } from '../faults/fault-answers.js';
import type { SecretsManagerFaults } from '../faults/faults.js';
import type { CallerCheck } from './caller-check.js';
import { MAX_BODY_BYTES, readBody } from './request-body.js';
import { errorAnswer } from './wire.js';
import type { Exchange, WireAnswer, WireRequest } from './wire.js';

export interface HandlerOptions {
  readonly accountId: string;
  readonly calls: CallLog;
  readonly faults: SecretsManagerFaults;
  readonly callers: CallerCheck;
  /** Understands a request, or refuses it with an answer when it is for nothing here. */
  readonly route: (request: WireRequest) => Exchange | WireAnswer;
}

/** Takes one HTTP request through its faults to its answer, and logs it. */
export async function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  options: HandlerOptions,
): Promise<void> {
  const closed = new AbortController();
  response.once('close', () => closed.abort());
  try {
    const refusal = options.callers.refusalOf(request.headers);
    if (refusal !== undefined) {
      sendUnread(response, errorAnswer(refusal));
      return;
    }
    const body = await readBody(request);
    if (body === 'refused') sendUnread(response, tooLarge());
    else if (body === 'too-large') send(response, tooLarge(), randomUUID());
    else await route(wireRequest(request, body.text), response, options, closed.signal);
  } catch {
    // The caller has gone away, or the server is stopping.
    response.destroy();
  }
}

async function route(
  request: WireRequest,
  response: ServerResponse,
  options: HandlerOptions,
  closed: AbortSignal,
): Promise<void> {
  const routed = options.route(request);
  if ('status' in routed) send(response, routed, randomUUID());
  else await perform(routed, response, options, closed);
}

function wireRequest({ url = '', method = '', headers }: IncomingMessage, body: string): WireRequest {
  const [path = '', query = ''] = url.split('?', 2);
  return { path, query: new URLSearchParams(query), method, headers, body };
}

async function perform(
  exchange: Exchange,
  response: ServerResponse,
  options: HandlerOptions,
  closed: AbortSignal,
): Promise<void> {
  const requestId = randomUUID();
  const { outcome, delayMs } = options.faults.take(exchange.operation);
  const answer = outcome === undefined ? safely(exchange) : faultAnswer(outcome, exchange, options.accountId);
  options.calls.add(exchange, requestId, answer);
  if (delayMs > 0) await sleep(delayMs, undefined, { signal: closed, ref: false });
  if (answer) send(response, answer, requestId);
  else if (outcome === 'reset') response.socket?.resetAndDestroy();
}

const tooLarge = () =>
  errorAnswer(
    new AwsError('RequestEntityTooLargeException', `A request has ${MAX_BODY_BYTES} bytes at most.`, 413),
  );

function safely(exchange: Exchange): WireAnswer {
  try {
    return exchange.answer();
  } catch {
    return internalError();
  }
}

/** Answers a request whose body is not read, and closes its connection, so that it is not read later either. */
function sendUnread(response: ServerResponse, answer: WireAnswer): void {
  response.setHeader('connection', 'close');
  send(response, answer, randomUUID());
}

function send(response: ServerResponse, answer: WireAnswer, requestId: string): void {
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': Buffer.byteLength(answer.body),
    'x-amzn-requestid': requestId,
  });
  response.end(answer.body);
}
