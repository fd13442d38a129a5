import { Client, Metadata, credentials, status } from '@grpc/grpc-js';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SERVICES } from '../../src/local/momento/grpc/services.js';
import { MomentoLocal } from '../../src/local/momento/momento-local.js';
import { CACHE, cacheClientFor } from './momento.fixture.js';
import { anyMessageOf } from './momento-random-requests.fixture.js';

interface RandomCall {
  readonly path: string;
  readonly streams: boolean;
  readonly bytes: Buffer;
  readonly cacheName: string;
}

const METHODS = Object.values(SERVICES).flatMap((service) => Object.values(service));
const REQUESTS_AT_ONCE = 250;
const ROUNDS = 20;

const anyCall: fc.Arbitrary<RandomCall> = fc.oneof(
  ...METHODS.map(({ path, responseStream, requestDeserialize }) =>
    fc.record({
      path: fc.constant(path),
      streams: fc.constant(responseStream),
      bytes: anyMessageOf(requestDeserialize),
      cacheName: fc.constantFrom(CACHE, 'a', ''),
    }),
  ),
);

/** What a well-formed request may be answered: success, or what is wrong with the request. */
const EXPECTED: ReadonlySet<status> = new Set([
  status.OK,
  status.INVALID_ARGUMENT,
  status.NOT_FOUND,
  status.ALREADY_EXISTS,
  status.FAILED_PRECONDITION,
  status.RESOURCE_EXHAUSTED,
  status.UNAUTHENTICATED,
  status.UNIMPLEMENTED,
]);

describe('MomentoLocal, random requests', () => {
  let momento: MomentoLocal;
  let client: Client;

  beforeAll(async () => {
    momento = await MomentoLocal.start({ caches: [CACHE], autoCreateCaches: true, maxBytes: 100_000 });
    client = new Client(momento.endpoints.cacheEndpoint, credentials.createInsecure());
  });

  afterAll(async () => {
    client.close();
    await momento.stop();
  });

  function send({ path, streams, bytes, cacheName }: RandomCall): Promise<status> {
    const metadata = new Metadata();
    metadata.set('cache', cacheName);
    const asIs = (buffer: Buffer) => buffer;
    const options = { deadline: Date.now() + 5000 };
    return new Promise((resolve) => {
      if (!streams) {
        client.makeUnaryRequest(path, asIs, asIs, bytes, metadata, options, (error) =>
          resolve(error?.code ?? status.OK),
        );
        return;
      }
      const stream = client.makeServerStreamRequest(path, asIs, asIs, bytes, metadata, options);
      stream.on('data', () => {
        resolve(status.OK);
        // A subscription would stay open.
        stream.cancel();
      });
      stream.on('end', () => resolve(status.OK));
      stream.on('error', ({ code }: { readonly code: status }) => resolve(code));
    });
  }

  it(
    'answers 5,000 requests, generated from the definitions of all messages, each with a fitting status',
    { timeout: 60_000 },
    async () => {
      const seen = new Set<string>();
      await fc.assert(
        fc.asyncProperty(
          fc.array(anyCall, { minLength: REQUESTS_AT_ONCE, maxLength: REQUESTS_AT_ONCE }),
          async (calls) => {
            const statuses = await Promise.all(calls.map(send));
            const odd = calls.flatMap(({ path, bytes }, index) => {
              const code = statuses[index] ?? status.UNKNOWN;
              seen.add(`${path} ${status[code]}`);
              return EXPECTED.has(code) ? [] : [`${path} ${bytes.toString('hex')}: ${status[code]}`];
            });
            expect(odd).toEqual([]);
          },
        ),
        { numRuns: ROUNDS, endOnFailure: true },
      );

      const answered = METHODS.filter(({ path }) => seen.has(`${path} OK`));
      // So that the requests are not all nonsense: some need a token or a secret that no chance will find.
      expect(answered.length).toBeGreaterThan(METHODS.length * 0.7);
      expect(String(await cacheClientFor(momento).set(CACHE, 'k', 'v'))).toBe('Success');
    },
  );
});
