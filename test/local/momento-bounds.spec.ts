import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type IncomingHttpHeaders, connect } from 'node:http2';
import { MomentoErrorCode, PreviewLeaderboardClient } from '@gomomento/sdk';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { MomentoLocal } from '../../src/local/momento/momento-local.js';
import {
  CACHE,
  cacheClientFor,
  credentialsFor,
  errorCodeOf,
  nameOf,
  startMomento,
  subscribe,
  topicClientFor,
} from './momento.fixture.js';

const RESOURCE_EXHAUSTED = '8';

/** What the server answers to a message of this many bytes, which come compressed: its gRPC status. */
async function sendCompressed(momento: MomentoLocal, sizeBytes: number): Promise<string> {
  const packed = await promisify(gzip)(Buffer.alloc(sizeBytes));
  const head = Buffer.from([1, 0, 0, 0, 0]);
  head.writeUInt32BE(packed.length, 1);
  const session = connect(`http://${momento.endpoints.cacheEndpoint}`);
  onTestFinished(() => session.destroy());
  const stream = session.request({
    ':method': 'POST',
    ':path': '/cache_client.Scs/Get',
    'content-type': 'application/grpc',
    'grpc-encoding': 'gzip',
    te: 'trailers',
  });
  return new Promise((resolve, reject) => {
    const answer = (headers: IncomingHttpHeaders) => {
      const status = headers['grpc-status'];
      if (typeof status === 'string') {
        resolve(status);
      }
    };
    stream.on('response', answer).on('trailers', answer).on('error', reject);
    stream.resume().end(Buffer.concat([head, packed]));
  });
}

describe('MomentoLocal, what it takes and keeps', () => {
  it('maxBytes counts topics and leaderboards', async () => {
    const momento = await startMomento({ maxBytes: 1000 });
    const client = cacheClientFor(momento);
    const topics = topicClientFor(momento);
    const board = new PreviewLeaderboardClient({ credentialProvider: credentialsFor(momento) });
    onTestFinished(() => board.close());
    await client.set(CACHE, 'a', 'x'.repeat(299));
    await client.set(CACHE, 'b', 'x'.repeat(299));

    await topics.publish(CACHE, 'topic', 'x'.repeat(200));
    await topics.publish(CACHE, 'topic', 'x'.repeat(200));
    expect(momento.stats()).toMatchObject({ items: 2, topics: 1, topicBytes: 205 });

    await board.leaderboard(CACHE, 'board').upsert(new Map(Array.from({ length: 40 }, (_, id) => [id, id])));
    expect(momento.stats()).toMatchObject({ items: 1, topics: 0, topicBytes: 0, leaderboardBytes: 645 });
    const refused = await board
      .leaderboard(CACHE, 'other')
      .upsert(new Map(Array.from({ length: 40 }, (_, id) => [id, id])));
    expect(await errorCodeOf(refused)).toBe(MomentoErrorCode.LIMIT_EXCEEDED_ERROR);

    await client.flushCache(CACHE);
    expect(momento.stats()).toMatchObject({ items: 0, leaderboardBytes: 0 });
  });

  it('the log has the first 256 characters of a name, and the cache is still told from others', async () => {
    const [name, sameStart] = [`${'c'.repeat(300)}1`, `${'c'.repeat(300)}2`];
    const momento = await startMomento({ caches: [name, sameStart] });
    const topics = topicClientFor(momento);
    const onError = vi.fn<() => void>();
    const onErrorOfOther = vi.fn<() => void>();
    await subscribe(topics, 't'.repeat(300), { onError }, name);
    await subscribe(topics, 't', { onError: onErrorOfOther }, sameStart);

    expect(momento.requests[0]).toMatchObject({ cacheName: 'c'.repeat(256), topic: 't'.repeat(256) });
    momento.deleteCache(name);
    await vi.waitFor(() => expect(onError).toHaveBeenCalledOnce());
    expect(nameOf(await topics.publish(sameStart, 't', 'x'))).toBe('Success');
    expect(onErrorOfOther).not.toHaveBeenCalled();
  });

  it('refuses a topic whose name has more than 1,024 bytes', async () => {
    const topics = topicClientFor(await startMomento());
    const name = 'x'.repeat(1025);

    expect(await errorCodeOf(topics.publish(CACHE, name, 'x'))).toBe(MomentoErrorCode.INVALID_ARGUMENT_ERROR);
    expect(await errorCodeOf(topics.subscribe(CACHE, name, {}))).toBe(
      MomentoErrorCode.INVALID_ARGUMENT_ERROR,
    );
  });

  it('unpacks no message beyond 11 MiB, and answers the next one', async () => {
    const momento = await startMomento();

    expect(await sendCompressed(momento, 12 * 1024 * 1024)).toBe(RESOURCE_EXHAUSTED);
    expect(await sendCompressed(momento, 500 * 1024 * 1024)).toBe(RESOURCE_EXHAUSTED);
    expect(momento.requests).toEqual([]);
    expect(nameOf(await cacheClientFor(momento).get(CACHE, 'k'))).toBe('Miss');
  });
});
