import 'reflect-metadata';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { MomentoLocal, SecretsManagerLocal } from 'nestjs-momento/local';
import { runProgram } from '../test/support/child-process.js';
import { measureAdapters } from './adapters.js';
import { measureCache } from './cache.js';
import { measureDecorators } from './decorators.js';
import { measureGrowth } from './growth.js';
import { measureHttp } from './http.js';
import { measureLocal } from './local.js';
import { measureNearHits } from './near/hits.js';
import { measureInvalidation } from './near/invalidation.js';
import { startOtherProcess } from './other-process.js';
import { measureOutages } from './outages.js';
import { interleave, Report } from './report.js';
import { measureTopics } from './topics.js';

/** The program runs bundled, from elsewhere; npm runs it in the project's folder. */
const benchFolder = pathToFileURL(`${process.cwd()}/bench/`);
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
  await measureNearHits(report, server);
  await measureDecorators(report, server);
  await measureHttp(report, server);
  await measureTopics(report, server);
  await measureInvalidation(report, server);
  await measureOutages(report, server);
  await measureAdapters(report, server);
  await measureGrowth(report, server);
  await server.stop();
  await measureBoot(report);
  await measureLocal(report);
  if (!report.end() && values.check) process.exitCode = 1;
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
