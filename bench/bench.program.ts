import 'reflect-metadata';
import { CacheClient, Configurations, CredentialProvider } from '@gomomento/sdk';
import { NestFactory } from '@nestjs/core';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { CacheService, fromMomentoLocal, MomentoModule } from 'nestjs-momento';
import { MomentoLocal, SecretsManagerLocal } from 'nestjs-momento/local';
import { runProgram } from '../test/support/child-process.js';
import { measureLocal } from './local.js';
import { type OtherProcess, startOtherProcess } from './other-process.js';
import { interleave, Report, spreadOf } from './report.js';

/** The program runs bundled, from elsewhere; npm runs it in the project's folder. */
const benchFolder = pathToFileURL(`${process.cwd()}/bench/`);
/** Two clients of the SDK differ by several percent from each other, so several of each kind take turns. */
const instances = 4;
const getRounds = 15;
const slicesARound = 20;
const getsASlice = 100;
const bootRounds = 15;

/**
 * `npm run bench [-- --check]`: ratios and counts on the embedded servers, each a median of interleaved rounds with its spread.
 * With `--check` it exits with 1 when a line does not hold.
 */
export async function main(args: string[]): Promise<void> {
  const { values } = parseArgs({ args, options: { check: { type: 'boolean', default: false } } });
  const report = new Report();
  const server = await startOtherProcess();
  await measureCache(report, server);
  await server.stop();
  await measureBoot(report);
  await measureLocal(report);
  if (!report.end() && values.check) process.exitCode = 1;
}

/** The server runs in a process of its own, so that the CPU of this one is the client's. */
async function measureCache(report: Report, server: OtherProcess): Promise<void> {
  const configuration = Configurations.Laptop.latest();
  const root = MomentoModule.forRoot({
    credentials: fromMomentoLocal({ port: server.port }),
    configuration,
    cacheName: 'bench',
  });
  const apps = [];
  for (let index = 0; index < instances; index += 1) {
    apps.push(await NestFactory.createApplicationContext(root, { logger: false }));
  }
  const caches = apps.map((app) => app.get(CacheService));
  const [cache] = caches;
  if (cache === undefined) throw new Error('there is no app');
  const credentialProvider = CredentialProvider.forMomentoLocal({ hostname: '127.0.0.1', port: server.port });
  const raws = Array.from(
    { length: instances },
    () => new CacheClient({ configuration, credentialProvider, defaultTtlSeconds: 60 }),
  );
  await cache.set('key', 'value', { ttlSeconds: 3600 });
  let [rawSlice, serviceSlice] = [0, 0];

  const measures = {
    raw: () => {
      const raw = raws[rawSlice++ % instances];
      return cpuOf(getsASlice, async () => {
        const response = await raw?.get('bench', 'key');
        return JSON.parse(response?.value() ?? 'null') as unknown;
      });
    },
    service: () => {
      const service = caches[serviceSlice++ % instances];
      return cpuOf(getsASlice, async () => service?.get('key'));
    },
  };
  await interleave(slicesARound, measures);
  const ratios: number[] = [];
  for (let round = 0; round < getRounds; round += 1) {
    // Many short slices by turns: what the machine does meanwhile falls on both.
    const slices = await interleave(slicesARound, measures);
    const middle = (name: 'raw' | 'service') => spreadOf(slices.map((slice) => slice[name])).median;
    ratios.push(middle('service') / middle('raw'));
  }
  report.rounds('CacheService.get over CacheClient.get and JSON.parse, CPU of the client', ratios, {
    atMost: 1.02,
  });
  const calls = async (rpc: string) => (await server.usage()).calls[rpc] ?? 0;
  const before = await calls('get');
  await measures.service();
  report.count('requests a CacheService.get', ((await calls('get')) - before) / getsASlice, { exactly: 1 });

  let loads = 0;
  const [readsBefore, writesBefore] = [await calls('get'), await calls('set')];
  await Promise.all(Array.from({ length: 1_000 }, () => cache.getOrSet('cold', async () => ++loads)));
  report.count('1,000 concurrent misses: loads', loads, { exactly: 1 });
  report.count('1,000 concurrent misses: reads', (await calls('get')) - readsBefore, { exactly: 1 });
  report.count('1,000 concurrent misses: writes', (await calls('set')) - writesBefore, { exactly: 1 });
  let failures = 0;
  const failing = () => {
    failures += 1;
    throw new Error('loader');
  };
  const startedAt = performance.now();
  await Promise.allSettled(Array.from({ length: 1_000 }, () => cache.getOrSet('failing', failing)));
  report.count('1,000 concurrent misses, failing loader: loads', failures, { exactly: 1 });
  report.count('1,000 concurrent misses, failing loader: ms', performance.now() - startedAt, { atMost: 50 });
  for (const raw of raws) raw.close();
  await Promise.all(apps.map((app) => app.close()));
}

async function measureBoot(report: Report): Promise<void> {
  const momento = await MomentoLocal.start({ port: 0, caches: ['bench'] });
  const secrets = await SecretsManagerLocal.start({ port: 0 });
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' });
  secrets.putSecret('Momento_Auth_Token', momento.issueApiKey());
  const bootMs = async (kind: 'documented' | 'ours'): Promise<number> => {
    const args = [kind, secrets.endpoint, momento.endpoints.cacheEndpoint];
    const { said } = await runProgram(new URL('boot.program.ts', benchFolder), { args });
    return Number(said[0]?.['bootMs']);
  };
  const measures = { documented: () => bootMs('documented'), ours: () => bootMs('ours') };
  await interleave(1, measures);
  const callsBefore = secrets.callCount('GetSecretValue');
  const rounds = await interleave(bootRounds, measures);
  report.rounds(
    'boot of a process, over the documented example in an async provider',
    rounds.map((round) => round.ours / round.documented),
    { atMost: 1.15 },
  );
  const callsABoot = (secrets.callCount('GetSecretValue') - callsBefore) / rounds.length / 2;
  report.count('GetSecretValue calls a boot', callsABoot, { exactly: 1 });
  await Promise.all([momento.stop(), secrets.stop()]);
}

/** Microseconds of this process's CPU a call, twenty at a time. */
async function cpuOf(calls: number, call: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  for (let done = 0; done < calls; done += 20) await Promise.all(Array.from({ length: 20 }, call));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}
