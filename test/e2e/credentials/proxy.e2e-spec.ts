import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { MomentoLocal } from 'nestjs-momento/local';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runProgram } from '../../support/child-process.js';
import { Canary } from '../../support/canary.js';

const program = new URL('./fixtures/proxied-app.program.ts', import.meta.url);

/** A proxy that does its work, and keeps what it is asked for. */
class RecordingProxy {
  readonly targets: string[] = [];
  readonly #server = createServer((request, response) => {
    this.targets.push(request.url ?? '');
    response.writeHead(502).end();
  }).on('connect', (request, client) => {
    this.targets.push(request.url ?? '');
    const [host = '', port = ''] = (request.url ?? '').split(':');
    const server = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(server).pipe(client);
    });
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
    }
    this.#tunnels.push(client);
  });
  /** The server lets go of what it has handed over. */
  readonly #tunnels: Duplex[] = [];

  async start(): Promise<string> {
    await once(this.#server.listen(0, '127.0.0.1'), 'listening');
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    for (const tunnel of this.#tunnels) tunnel.destroy();
  }
}

describe('a proxy in the environment', { timeout: 30_000 }, () => {
  let proxy: RecordingProxy;
  let proxyUrl: string;
  let momento: MomentoLocal;
  let key: string;

  beforeEach(async () => {
    proxy = new RecordingProxy();
    proxyUrl = await proxy.start();
    momento = await MomentoLocal.start({ caches: ['demo-cache'] });
    key = momento.issueApiKey();
  });
  afterEach(async () => {
    proxy.stop();
    await momento.stop();
  });

  const run = (way: 'module' | 'override' | 'sdk', environment: NodeJS.ProcessEnv = {}) =>
    runProgram(program, {
      args: [way, momento.endpoints.cacheEndpoint],
      env: {
        grpc_proxy: undefined,
        https_proxy: undefined,
        no_grpc_proxy: undefined,
        no_proxy: undefined,
        http_proxy: proxyUrl,
        MOMENTO_API_KEY: key,
        ...environment,
      },
    });

  it('gets what the SDK alone says to a local Momento', async () => {
    const { said } = await run('sdk');
    expect(said).toEqual([{ done: true }]);
    expect(proxy.targets).toContain(momento.endpoints.cacheEndpoint);
  });

  it.each(['module', 'override'] as const)(
    'gets nothing of this library (%s), which says what to do',
    async (way) => {
      const { said, output } = await run(way);
      expect(said).toEqual([
        {
          code: 'proxy-without-tls',
          message:
            "The connection to '127.0.0.1' has no TLS, and the variable http_proxy leads it through a proxy, which would see the key. Add 127.0.0.1 to the variable no_proxy, without spaces; or connect with TLS.",
        },
      ]);
      expect(new Canary(key).findIn(output)).toBeUndefined();
      expect(proxy.targets).toEqual([]);
      expect(momento.connectionsAccepted).toBe(0);
    },
  );

  it.each(['module', 'override'] as const)('is gone round (%s) when no_proxy says so', async (way) => {
    const { said } = await run(way, { no_proxy: 'localhost,127.0.0.1' });
    expect(said).toEqual([{ done: true }]);
    expect(proxy.targets).toEqual([]);
    expect(momento.requestCount('set')).toBe(way === 'module' ? 1 : 0);
  });
});
