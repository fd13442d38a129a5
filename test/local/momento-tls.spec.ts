import { ChannelCredentials, Client, Metadata, status } from '@grpc/grpc-js';
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { MomentoLocal } from '../../src/local/momento/momento-local.js';
import { keyTextOf, tokenIn } from '../../src/local/momento/keys/key-text.js';
import { createAuthority } from '../support/certificates.js';
import { CACHE, startMomento } from './momento.fixture.js';

const authority = createAuthority();
const tls = authority.issue(['localhost']);

/** How a ping over a connection of its own ends, as the name of its status, and why. */
async function ping(address: string, credentials: ChannelCredentials, deadlineMs = 2_000) {
  const client = new Client(address, credentials, { 'grpc.use_local_subchannel_pool': 1 });
  try {
    return await new Promise<{ readonly code: string; readonly details: string }>((resolve) => {
      const bytes = (message: Uint8Array) => Buffer.from(message);
      client.makeUnaryRequest(
        '/cache_client.Ping/Ping',
        bytes,
        bytes,
        new Uint8Array(),
        new Metadata(),
        { deadline: Date.now() + deadlineMs },
        (error) => resolve({ code: status[error?.code ?? 0] ?? '', details: error?.details ?? '' }),
      );
    });
  } finally {
    client.close();
  }
}

const trusting = (cert: string) => ChannelCredentials.createSsl(Buffer.from(cert));

describe('MomentoLocal over TLS', () => {
  it.each([
    ['text', tls],
    ['bytes', { key: Buffer.from(tls.key), cert: Buffer.from(tls.cert) }],
  ])('answers who trusts its certificate, given as %s', async (_what, given) => {
    const momento = await startMomento({ tls: given });

    expect(await ping(`localhost:${momento.port}`, trusting(authority.cert))).toMatchObject({ code: 'OK' });
  });

  it('is not trusted by the others, and answers nobody in the clear', async () => {
    const momento = await startMomento({ tls });
    const address = `localhost:${momento.port}`;

    expect(await ping(address, trusting(createAuthority().cert))).toMatchObject({
      code: 'UNAVAILABLE',
      details: expect.stringContaining('certificate'),
    });
    expect((await ping(address, ChannelCredentials.createInsecure(), 500)).code).not.toBe('OK');
    expect(momento.requests).toEqual([]);
  });

  it('goes down, comes up on the same port, and stops', async () => {
    const momento = await startMomento({ tls });
    const address = `localhost:${momento.port}`;
    await momento.faults.down();
    expect((await ping(address, trusting(authority.cert), 300)).code).not.toBe('OK');
    await momento.faults.up();

    expect(await ping(address, trusting(authority.cert))).toMatchObject({ code: 'OK' });
    expect(momento.connectionsAccepted).toBe(1);
    await vi.waitFor(() => expect(momento.connections).toBe(0));
    await momento.stop();
  });

  it.each(['down', 'stop'] as const)(
    'ends what is open at %s, whether or not it has shaken hands',
    async (ending) => {
      const momento = await startMomento({ tls });
      const silent = connect(momento.port, '127.0.0.1');
      const talking = connectTls(momento.port, 'localhost', { ca: authority.cert, ALPNProtocols: ['h2'] });
      const ended = [silent, talking].map(
        (socket) =>
          new Promise((resolve) =>
            socket
              .resume()
              .on('error', () => undefined)
              .once('close', resolve),
          ),
      );
      await once(talking, 'secureConnect');
      await vi.waitFor(() => expect(momento.connections).toBe(2));

      const startedAt = performance.now();
      await (ending === 'stop' ? momento.stop() : momento.faults.down());

      expect(performance.now() - startedAt).toBeLessThan(1_000);
      expect(momento.connections).toBe(0);
      await Promise.all(ended);
    },
  );

  it('says where it is: over TLS, by the host that its keys are to name', async () => {
    const momento = await startMomento({ tls });
    const address = `127.0.0.1:${momento.port}`;
    expect(momento.endpoints).toEqual({
      cacheEndpoint: address,
      controlEndpoint: address,
      tokenEndpoint: address,
      secureConnection: true,
    });

    const named = await startMomento({ tls: { ...tls, endpointHost: 'momento.test' } });
    const endpoint = `momento.test:${named.port}`;
    expect(named.endpoints).toEqual({
      cacheEndpoint: `cache.${endpoint}`,
      controlEndpoint: `control.${endpoint}`,
      tokenEndpoint: `token.${endpoint}`,
      secureConnection: true,
    });
    const key = named.issueApiKey();
    expect(key).toBe(keyTextOf(endpoint, tokenIn(key)));
  });

  it.each([
    ['no certificate', { key: tls.key, cert: 'canary' }],
    ['the key of another one', { key: authority.issue(['localhost']).key, cert: tls.cert }],
  ])('does not start with %s, and shows nothing of it', async (_what, given) => {
    const starting = MomentoLocal.start({ caches: [CACHE], tls: given });
    void starting.then((momento) => onTestFinished(() => momento.stop())).catch(() => undefined);

    await expect(starting).rejects.toThrow(
      'MomentoLocal cannot use the key and certificate of its option tls: give both as PEM, and the key of this very certificate',
    );
    await expect(starting).rejects.not.toThrow(/canary|PRIVATE/);
  });
});
