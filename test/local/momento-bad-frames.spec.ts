import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { text } from 'node:stream/consumers';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MomentoLocal } from '../../src/local/momento/momento-local.js';
import { CACHE } from './momento.fixture.js';

const GRPC_HEADERS = {
  ':method': 'POST',
  ':path': '/cache_client.Scs/Get',
  'content-type': 'application/grpc',
  te: 'trailers',
  cache: CACHE,
};

/** A gRPC frame: whether it is compressed, the length it claims, and its bytes. */
const frame = (compressed: number, length: number, bytes: readonly number[]) =>
  Buffer.from([compressed, 0, 0, 0, length, ...bytes]);

/** Get of the key `a`. */
const GET_A = [10, 1, 97];

describe('MomentoLocal, bad frames', () => {
  let momento: MomentoLocal;
  let session: ClientHttp2Session;

  beforeAll(async () => {
    momento = await MomentoLocal.start({ caches: [CACHE] });
    session = connect(`http://${momento.endpoints.cacheEndpoint}`);
    await once(session, 'connect');
  });

  afterAll(async () => {
    session.close();
    await momento.stop();
  });

  /** The gRPC status, or the HTTP status when there is none; a stream that is reset answers with its code. */
  async function answerTo(body: Buffer, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const stream = session.request({ ...GRPC_HEADERS, ...headers });
    const answered: Record<string, unknown> = {};
    stream.on('response', (received) => Object.assign(answered, received));
    stream.on('trailers', (received) => Object.assign(answered, received));
    stream.on('error', () => undefined);
    stream.end(body);
    await Promise.race([once(stream, 'close'), text(stream)]);
    await (stream.closed || once(stream, 'close'));
    const grpcStatus = answered['grpc-status'];
    return grpcStatus === undefined
      ? `HTTP ${Number(answered[':status'])}, reset ${stream.rstCode}`
      : String(status[Number(grpcStatus)]);
  }

  it.each<[string, Buffer, Record<string, string>, string]>([
    ['a whole frame', frame(0, 3, GET_A), {}, 'OK'],
    ['no frame at all', Buffer.alloc(0), {}, 'UNIMPLEMENTED'],
    ['a frame that ends too early', frame(0, 9, GET_A), {}, 'UNIMPLEMENTED'],
    ['half a frame header', Buffer.from([0, 0]), {}, 'UNIMPLEMENTED'],
    ['what was never compressed', frame(1, 3, GET_A), { 'grpc-encoding': 'gzip' }, 'INTERNAL'],
    ['an unknown compression', frame(1, 3, GET_A), { 'grpc-encoding': 'none' }, 'UNIMPLEMENTED'],
    [
      'two frames where one belongs',
      Buffer.concat([frame(0, 3, GET_A), frame(0, 3, GET_A)]),
      {},
      'UNIMPLEMENTED',
    ],
    ['a deadline that is none', frame(0, 3, GET_A), { 'grpc-timeout': 'soon' }, 'INTERNAL'],
    ['another content type', frame(0, 3, GET_A), { 'content-type': 'text/plain' }, 'HTTP 415, reset 0'],
    ['a path without a method', frame(0, 3, GET_A), { ':path': '/' }, 'UNIMPLEMENTED'],
  ])('answers %s', async (_what, body, headers, expected) => {
    expect(await answerTo(body, headers)).toBe(expected);
    expect(await answerTo(frame(0, 3, GET_A))).toBe('OK');
  });
});
