import 'reflect-metadata';
import { CacheClient, Configurations, CredentialProvider } from '@gomomento/sdk';
import { NestFactory } from '@nestjs/core';
import { pathToFileURL } from 'node:url';
import { CacheService, fromSecretsManager, MomentoModule } from 'nestjs-momento';
import { MomentoLocal, SecretsManagerLocal } from 'nestjs-momento/local';
import { runProgram } from '../test/support/child-process.js';

/** The program runs bundled, from elsewhere; npm runs it in the project's folder. */
const benchFolder = pathToFileURL(`${process.cwd()}/bench/`);

/** `npm run bench`: ratios and counts, each measured in one run on the embedded servers in this process. */
export async function main(): Promise<void> {
  const momento = await MomentoLocal.start({ caches: ['bench'] });
  const secrets = await SecretsManagerLocal.start();
  Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' });
  secrets.putSecret('Momento_Auth_Token', momento.issueApiKey());
  const configuration = Configurations.Laptop.latest();
  const root = MomentoModule.forRoot({
    credentials: fromSecretsManager({ endpoint: secrets.endpoint, region: 'us-west-2' }),
    endpoint: momento.endpoints,
    configuration,
    cacheName: 'bench',
  });
  const app = await NestFactory.createApplicationContext(root, { logger: false });
  const cache = app.get(CacheService);
  const credentialProvider = CredentialProvider.fromString({
    authToken: momento.issueApiKey(),
    endpointOverrides: momento.endpoints,
  });
  const raw = new CacheClient({ configuration, credentialProvider, defaultTtlSeconds: 60 });
  await cache.set('key', 'value');

  const gets = 2_000;
  const rawGet = () => raw.get('bench', 'key');
  const serviceGet = () => cache.get('key');
  await cpuOf(gets, rawGet);
  await cpuOf(gets, serviceGet);
  const pairs: [number, number][] = [];
  for (let round = 0; round < 7; round += 1)
    pairs.push([await cpuOf(gets, rawGet), await cpuOf(gets, serviceGet)]);
  const before = momento.requestCount('get');
  await cpuOf(gets, serviceGet);
  report(
    'CacheService.get over CacheClient.get, CPU',
    median(pairs.map(([rawCpu, cpu]) => cpu / rawCpu)),
    '≤ 1.02',
  );
  report('RPCs a CacheService.get', (momento.requestCount('get') - before) / gets, '1');

  let loads = 0;
  const [readsBefore, writesBefore] = [momento.requestCount('get'), momento.requestCount('set')];
  await Promise.all(Array.from({ length: 1_000 }, () => cache.getOrSet('cold', async () => ++loads)));
  report('1,000 concurrent misses: loader calls', loads, '1');
  report('1,000 concurrent misses: reads', momento.requestCount('get') - readsBefore, '1');
  report('1,000 concurrent misses: writes', momento.requestCount('set') - writesBefore, '1');
  let failures = 0;
  const failing = () => {
    failures += 1;
    throw new Error('loader');
  };
  const startedAt = performance.now();
  await Promise.allSettled(Array.from({ length: 1_000 }, () => cache.getOrSet('failing', failing)));
  report('1,000 concurrent misses, failing loader: calls', failures, '1');
  report('1,000 concurrent misses, failing loader: ms', performance.now() - startedAt, '< 50');

  const callsBefore = secrets.callCount('GetSecretValue');
  const bootMs = async (kind: 'documented' | 'ours'): Promise<number> => {
    const args = [kind, secrets.endpoint, momento.endpoints.cacheEndpoint];
    const { said } = await runProgram(new URL('boot.program.ts', benchFolder), { args });
    return Number(said[0]?.['bootMs']);
  };
  const boots: [number, number][] = [];
  for (let round = 0; round < 7; round += 1) boots.push([await bootMs('documented'), await bootMs('ours')]);
  const bootRatio = median(boots.map(([documented, ours]) => ours / documented));
  report('boot of a process, over the documented example in an async provider', bootRatio, '≤ 1.15');
  report(
    'GetSecretValue calls a boot',
    (secrets.callCount('GetSecretValue') - callsBefore) / boots.length / 2,
    '1',
  );

  raw.close();
  await app.close();
  await Promise.all([momento.stop(), secrets.stop()]);
}

/** Microseconds of this process's CPU a call, twenty at a time. */
async function cpuOf(calls: number, call: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  for (let done = 0; done < calls; done += 20) await Promise.all(Array.from({ length: 20 }, call));
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function report(what: string, value: number, hold: string): void {
  console.log(`${what.padEnd(72)} ${String(Math.round(value * 1000) / 1000).padStart(10)}   hold ${hold}`);
}
