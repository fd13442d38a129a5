import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { AwsError } from '../aws-error.js';
import type { CallLog } from '../call-log.js';
import { faultAnswer, internalError } from '../faults/fault-answers.js';
import type { SecretsManagerFaults } from '../faults/faults.js';
import { errorAnswer } from './wire.js';
import type { Exchange, WireAnswer, WireRequest } from './wire.js';

export interface HandlerOptions {
  readonly accountId: string;
  readonly calls: CallLog;
  readonly faults: SecretsManagerFaults;
  /** Understands a request, or refuses it with an answer when it is for nothing here. */
  readonly route: (request: WireRequest) => Exchange | WireAnswer;
}

/** A secret has at most 64 KiB, a third more as base64; the rest is generous. */
const MAX_BODY_BYTES = 1_048_576;

/** Takes one HTTP request through its faults to its answer, and logs it. */
export async function handleRequest(
  request: IncomingMessage,
  response: ServerResponse,
  options: HandlerOptions,
): Promise<void> {
  const closed = new AbortController();
  response.once('close', () => closed.abort());
  try {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    const body = await readBody(request);
    const wire = {
      path,
      query: new URLSearchParams(query),
      method: request.method ?? '',
      headers: request.headers,
    };
    const routed = body === undefined ? tooLarge() : options.route({ ...wire, body });
    if ('status' in routed) {
      send(response, routed, randomUUID());
      return;
    }
    await perform(routed, response, options, closed.signal);
  } catch {
    // The caller has gone away, or the server is stopping.
    response.destroy();
  }
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
  if (delayMs > 0) await sleep(delayMs, undefined, { signal: closed });
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

/** The body as text; `undefined` when it is too large, which is read to its end all the same so that it can be answered. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, answer: WireAnswer, requestId: string): void {
  response.writeHead(answer.status, {
    'content-type': answer.contentType,
    'content-length': Buffer.byteLength(answer.body),
    'x-amzn-requestid': requestId,
  });
  response.end(answer.body);
}
