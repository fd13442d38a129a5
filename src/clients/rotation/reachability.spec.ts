import { CredentialProvider } from '@gomomento/sdk';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { startSilentServer } from '../../../test/support/silent-server.js';
import { TimeLimit } from '../../foundation/time/time-limit.js';
import { faultOfConnecting } from './reachability.js';

const providerOf = (address: string) => {
  const [hostname = '', port] = address.split(':');
  return CredentialProvider.forMomentoLocal({ hostname, port: Number(port) });
};

async function faultOf(address: string, limitMs = 5_000, parent?: AbortSignal): Promise<string | undefined> {
  const limit = new TimeLimit(limitMs, parent);
  try {
    return await faultOfConnecting(providerOf(address), limit);
  } finally {
    limit.release();
  }
}

async function startHttp2(): Promise<{ address: string; sessions: number[] }> {
  const sessions: number[] = [];
  const server = createServer().on('session', (session) => {
    sessions.push(1);
    session.once('close', () => sessions.pop());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  return { address: `127.0.0.1:${(server.address() as AddressInfo).port}`, sessions };
}

describe('what is where Momento should be', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('has no fault when it answers in HTTP/2, and no connection is left there', async () => {
    const { address, sessions } = await startHttp2();
    expect(await faultOf(address)).toBeUndefined();
    await vi.waitFor(() => expect(sessions).toEqual([]));
  });

  it('is named when nobody listens', async () => {
    const silent = await startSilentServer();
    await silent.stop();
    expect(await faultOf(silent.address)).toBe('ECONNREFUSED');
  });

  it('gives no answer when it stays silent, at the end of the time, and no connection is left there', async () => {
    const silent = await startSilentServer();
    onTestFinished(() => silent.stop());
    expect(await faultOf(silent.address, 50)).toBe('no answer');
    expect(silent.accepted).toBe(1);
    await vi.waitFor(() => expect(silent.connections).toBe(0));
  });

  it('is waited for no longer than until everything ends', async () => {
    const silent = await startSilentServer();
    onTestFinished(() => silent.stop());
    const closing = new AbortController();
    const fault = faultOf(silent.address, 60_000, closing.signal);
    await vi.waitFor(() => expect(silent.connections).toBe(1));
    closing.abort();
    expect(await fault).toBe('no answer');
    await vi.waitFor(() => expect(silent.connections).toBe(0));
  });

  it.each(['grpc_proxy', 'https_proxy', 'http_proxy'])(
    'is not asked directly when gRPC goes by a proxy (%s)',
    async (name) => {
      const silent = await startSilentServer();
      onTestFinished(() => silent.stop());
      vi.stubEnv(name, 'http://127.0.0.1:1');
      expect(await faultOf(silent.address, 50)).toBeUndefined();
      expect(silent.accepted).toBe(0);
    },
  );
});
