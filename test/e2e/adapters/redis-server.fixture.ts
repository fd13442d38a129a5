import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { findProgram } from '../../support/find-program.js';

const program = findProgram(['redis-server', 'valkey-server']);

/** Whether a server can be started; says what is missing when it cannot. */
export function hasRedisServer(): boolean {
  if (program === undefined)
    process.stderr.write(
      'There is no redis-server in PATH: keys are not tried on one. On Debian: apt-get install redis-server\n',
    );
  return program !== undefined;
}

/** A server that knows an administrator, and users as the test makes them. */
export class RedisServer {
  static readonly admin = { username: 'admin', password: 'admin' };
  readonly port: number;
  readonly #process: ChildProcess;

  private constructor(port: number, child: ChildProcess) {
    this.port = port;
    this.#process = child;
  }

  static async start(): Promise<RedisServer> {
    if (program === undefined) throw new Error('there is no redis-server');
    const port = await freePort();
    const { username, password } = RedisServer.admin;
    const users = ['--user', 'default', 'off', '--user', username, 'on', `>${password}`, '~*', '&*', '+@all'];
    const child = spawn(program, ['--port', String(port), '--bind', '127.0.0.1', '--save', '', ...users], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    for await (const line of createInterface(child.stdout))
      if (/ready to accept connections/i.test(line)) return new RedisServer(port, child);
    throw new Error('redis-server does not start');
  }

  async stop(): Promise<void> {
    const ended = once(this.#process, 'exit');
    this.#process.kill('SIGTERM');
    await ended;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
