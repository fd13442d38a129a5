import { Client, Metadata, type ServiceError, credentials, status } from '@grpc/grpc-js';
import { cache, control, pubsub } from '@gomomento/generated-types';
import * as fc from 'fast-check';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { MomentoLocal } from '../../src/local/momento/momento-local.js';
import { CACHE, cacheClientFor } from './momento.fixture.js';

const {
  _GetRequest: GetRequest,
  _SetIfRequest: SetIfRequest,
  _UpdateTtlRequest: UpdateTtlRequest,
} = cache.cache_client;
const {
  _DictionaryDeleteRequest: DictionaryDeleteRequest,
  _ListEraseRequest: ListEraseRequest,
  _ListRemoveRequest: ListRemoveRequest,
  _SetDifferenceRequest: SetDifferenceRequest,
  _SortedSetFetchRequest: SortedSetFetchRequest,
  _SortedSetRemoveRequest: SortedSetRemoveRequest,
} = cache.cache_client;
const { _Minuend: Minuend } = SetDifferenceRequest;
const { _SetIfHashRequest: SetIfHashRequest, _SetRequest: SetRequest } = cache.cache_client;
const { _PublishRequest: PublishRequest, _SubscriptionRequest: SubscriptionRequest } =
  pubsub.cache_client.pubsub;
const { _CreateCacheRequest: CreateCacheRequest } = control.control_client;

const KEY = new Uint8Array([1]);
const UNARY_PATHS = [
  ...Object.values(cache.cache_client.UnimplementedScsService.definition),
  ...Object.values(control.control_client.UnimplementedScsControlService.definition),
  pubsub.cache_client.pubsub.UnimplementedPubsubService.definition.Publish,
]
  .filter(({ responseStream }) => !responseStream)
  .map(({ path }) => path);

describe('MomentoLocal, bad input', () => {
  let momento: MomentoLocal;
  let client: Client;

  beforeAll(async () => {
    momento = await MomentoLocal.start({ caches: [CACHE] });
    client = new Client(momento.endpoints.cacheEndpoint, credentials.createInsecure());
  });

  afterAll(async () => {
    client.close();
    await momento.stop();
  });

  /** Sends bytes to a method and answers the status; it never hangs for longer than the deadline. */
  function send(
    path: string,
    bytes: Uint8Array,
    headers: Readonly<Record<string, string>> = { cache: CACHE },
    sender = client,
  ) {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) {
      metadata.set(name, value);
    }
    return new Promise<status>((resolve) => {
      const done = (error: ServiceError | null) => resolve(error === null ? status.OK : error.code);
      const options = { deadline: Date.now() + 5000 };
      sender.makeUnaryRequest(
        path,
        (body: Buffer) => body,
        (answer) => answer,
        Buffer.from(bytes),
        metadata,
        options,
        done,
      );
    });
  }

  it.each([
    ['no cache header', '/cache_client.Scs/Get', new GetRequest({ cache_key: KEY }), {}],
    ['no key', '/cache_client.Scs/Get', new GetRequest(), undefined],
    ['no TTL', '/cache_client.Scs/Set', new SetRequest({ cache_key: KEY }), undefined],
    [
      'no condition',
      '/cache_client.Scs/SetIf',
      new SetIfRequest({ cache_key: KEY, ttl_milliseconds: 1 }),
      undefined,
    ],
    [
      'no hash condition',
      '/cache_client.Scs/SetIfHash',
      new SetIfHashRequest({ cache_key: KEY, ttl_milliseconds: 1 }),
      undefined,
    ],
    ['no TTL update', '/cache_client.Scs/UpdateTtl', new UpdateTtlRequest({ cache_key: KEY }), undefined],
    ['no fields', '/cache_client.Scs/DictionaryDelete', new DictionaryDeleteRequest(), undefined],
    ['no ranges', '/cache_client.Scs/ListErase', new ListEraseRequest(), undefined],
    ['no value', '/cache_client.Scs/ListRemove', new ListRemoveRequest(), undefined],
    ['no subtrahend', '/cache_client.Scs/SetDifference', new SetDifferenceRequest(), undefined],
    ['no range', '/cache_client.Scs/SortedSetFetch', new SortedSetFetchRequest(), undefined],
    ['no values', '/cache_client.Scs/SortedSetRemove', new SortedSetRemoveRequest(), undefined],
    ['no cache name', '/control_client.ScsControl/CreateCache', new CreateCacheRequest(), undefined],
    ['no topic', '/cache_client.pubsub.Pubsub/Publish', new PublishRequest({ cache_name: CACHE }), undefined],
    [
      'no message',
      '/cache_client.pubsub.Pubsub/Publish',
      new PublishRequest({ cache_name: CACHE, topic: 't' }),
      undefined,
    ],
    [
      'no topic',
      '/cache_client.pubsub.Pubsub/Subscribe',
      new SubscriptionRequest({ cache_name: CACHE }),
      undefined,
    ],
  ])('refuses a request with %s: %s', async (_name, path, request, headers) => {
    expect(await send(path, request.serializeBinary(), headers)).toBe(status.INVALID_ARGUMENT);
  });

  it.each([
    ['an unknown method', '/cache_client.Scs/Nothing', new Uint8Array(), status.UNIMPLEMENTED],
    [
      'a difference that is not served',
      '/cache_client.Scs/SetDifference',
      new SetDifferenceRequest({
        set_name: KEY,
        minuend: new Minuend(),
      }).serializeBinary(),
      status.UNIMPLEMENTED,
    ],
    ['a malformed message', '/cache_client.Scs/Get', new Uint8Array([255, 255, 255]), status.INTERNAL],
  ])('answers %s with a status', async (_name, path, bytes, expected) => {
    expect(await send(path, bytes)).toBe(expected);
  });

  it('answers a message of more than 11 MiB with a status', async () => {
    // A connection of its own: what could not be sent stays in its memory, and then it refuses everything.
    const sender = new Client(momento.endpoints.cacheEndpoint, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
    });
    onTestFinished(() => sender.close());

    expect(await send('/cache_client.Scs/Get', new Uint8Array(11 * 1024 * 1024 + 1), undefined, sender)).toBe(
      status.RESOURCE_EXHAUSTED,
    );
    expect(await send('/cache_client.Ping/Ping', new Uint8Array())).toBe(status.OK);
  });

  it('answers any bytes to any method with a status, and goes on', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...UNARY_PATHS),
        fc.uint8Array({ maxLength: 64 }),
        async (path, bytes) => {
          const code = await send(path, bytes);
          expect(Object.values(status)).toContain(code);
          expect([
            status.DEADLINE_EXCEEDED,
            status.UNAVAILABLE,
            status.CANCELLED,
            status.RESOURCE_EXHAUSTED,
          ]).not.toContain(code);
        },
      ),
      { numRuns: 500 },
    );
    momento.flush();
    expect(String(await cacheClientFor(momento).get(CACHE, 'k'))).toBe('Miss');
  });

  it('survives a peer that does not speak HTTP/2', async () => {
    const socket = connect(momento.port, momento.hostname);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    socket.resume().write('GET / HTTP/1.1\r\nhost: x\r\n\r\n'.repeat(10));

    await closed;
    await vi.waitFor(async () =>
      expect(await send('/cache_client.Ping/Ping', new Uint8Array())).toBe(status.OK),
    );
  });
});
