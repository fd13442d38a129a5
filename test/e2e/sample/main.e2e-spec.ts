import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { runProgram } from '../../support/child-process.js';

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Whether somebody listens there. */
async function accepts(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

describe('npm start', () => {
  it('listens on the loopback address alone', async () => {
    const port = await freePort();
    const reached: Record<string, boolean> = {};
    const exit = await runProgram(new URL('../../../sample/main.ts', import.meta.url), {
      args: [],
      env: { PORT: String(port), MOMENTO_SECRET_ID: undefined, MOMENTO_ENDPOINT: undefined },
      onFirstLine: async (child) => {
        await vi.waitFor(() => fetch(`http://127.0.0.1:${port}/health`), { timeout: 10_000 });
        // The whole of 127.0.0.0/8 leads here: who listens everywhere listens at its second address as well.
        for (const host of ['127.0.0.1', '127.0.0.2', '::1']) reached[host] = await accepts(host, port);
        child.kill('SIGTERM');
      },
    });
    expect(exit.output).toContain(`The sample listens on http://127.0.0.1:${port}, on embedded servers.`);
    expect(reached).toEqual({ '127.0.0.1': true, '127.0.0.2': false, '::1': false });
  }, 30_000);
});
