import { once } from 'node:events';
import { keyTextOf } from '../momento/keys/key-text.js';
import { MomentoLocal } from '../momento/momento-local.js';
import { SecretsManagerLocal } from '../secrets-manager/secrets-manager-local.js';
import { addressOf } from './address.js';
import { announceAsJson, announceAsText } from './announcement.js';
import { HELP, UsageError, readOptions } from './options.js';
import type { BinOptions } from './options.js';
import { Seed, SeedError } from './seed.js';

interface Output {
  write(text: string): unknown;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Where the command writes, and when it ends. */
export interface BinStreams {
  readonly stdout: Output;
  readonly stderr: Output;
  /** Aborted to stop both servers. */
  readonly signal: AbortSignal;
}

/**
 * The `momento-local` command: starts both servers, says where they are, and runs until the signal is aborted.
 * @returns the exit code: 0 stopped, 1 could not start, 2 wrong usage or wrong seed file
 */
export async function runMomentoLocal(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  { stdout, stderr, signal }: BinStreams,
): Promise<number> {
  try {
    const options = readOptions(argv, env);
    if (options === 'help') {
      stdout.write(HELP);
      return 0;
    }
    await serve(options, stdout, signal);
    return 0;
  } catch (error) {
    const isUsage = error instanceof UsageError;
    const message = error instanceof Error ? error.message : String(error);
    stderr.write(`momento-local: ${message}\n${isUsage ? 'Try momento-local --help\n' : ''}`);
    return isUsage || error instanceof SeedError ? 2 : 1;
  }
}

async function serve(options: BinOptions, stdout: Output, signal: AbortSignal): Promise<void> {
  const { hostname, allowedHosts, port, secretsPort, caches, seedFile, maxBytes, limits, secretId, json } =
    options;
  const seed = seedFile === undefined ? undefined : await Seed.read(seedFile, limits);
  const secrets = await starting('--secrets-port', hostname, secretsPort, () =>
    SecretsManagerLocal.start({ hostname, port: secretsPort, allowedHosts }),
  );
  try {
    const momento = await starting('--port', hostname, port, () =>
      MomentoLocal.start({
        hostname,
        port,
        caches,
        ...(maxBytes !== undefined && { maxBytes }),
        ...(limits === 'documented' && { limits }),
        ...(seed && { now: seed.now }),
      }),
    );
    try {
      // Before the key: until one is issued, every call is accepted.
      await seed?.plant(momento);
      const apiKey = keyFor(momento, options);
      secrets.putSecret(secretId, apiKey);
      const running = {
        momento: { hostname, port: momento.port },
        secretsManager: { hostname, port: secrets.port },
        apiKey,
        caches: momento.cacheNames,
      };
      stdout.write(json ? announceAsJson(running, options) : announceAsText(running, options));
      await untilAborted(signal);
    } finally {
      await momento.stop();
    }
  } finally {
    await secrets.stop();
  }
}

/** Holds the process until then, which the servers do not. */
async function untilAborted(signal: AbortSignal): Promise<void> {
  const alive = setInterval(() => undefined, LONGEST_TIMER_MS);
  try {
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    clearInterval(alive);
  }
}

/** A key that the server demands from now on; or one that it does not know, for clients that cannot do without, while it demands none. */
function keyFor(momento: MomentoLocal, { keyVersion, hostname }: BinOptions): string {
  return keyVersion === 'none'
    ? keyTextOf(addressOf({ hostname, port: momento.port }), 'momento-local')
    : momento.issueApiKey({ version: keyVersion });
}

/** Says for a server that cannot listen what to change. */
async function starting<T>(
  flag: string,
  hostname: string,
  port: number,
  start: () => Promise<T>,
): Promise<T> {
  try {
    return await start();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    // gRPC wraps the system's error and keeps only its text.
    throw reason.includes('EADDRINUSE')
      ? new Error(`port ${port} on ${hostname} is in use: choose another with ${flag} (0 takes any free one)`)
      : new Error(`cannot listen on port ${port} of ${hostname} (${flag}, --hostname): ${reason}`);
  }
}
