import { CacheClient, CacheGet, CacheSetBatch, Configurations, CredentialProvider } from '@gomomento/sdk';
import { MomentoLocal } from 'nestjs-momento/local';
import type { Usage } from './local-server.js';
import { startOtherProcess } from './other-process.js';
import type { Report } from './report.js';

const CONCURRENCIES = [1, 50, 500];
const MEASURED_MS = 1_000;
const WARM_UP_MS = 300;
const VALUE = 'v'.repeat(100);
const ITEMS = 1_000_000;
const BATCH_ITEMS = 1_000;
const BATCHES_AT_ONCE = 4;

/** What MomentoLocal bears, through the SDK. */
export async function measureLocal(report: Report): Promise<void> {
  await measureStartUp(report);

  const momento = await MomentoLocal.start({ caches: ['bench'] });
  await withClient(momento.port, (client) => measureThroughput(report, client, 'server in this process'));
  await momento.stop();

  const other = await startOtherProcess();
  await withClient(other.port, async (client) => {
    await measureThroughput(report, client, 'server in another process', () => other.usage());
    await measureMemory(report, client, () => other.usage());
  });
  await other.stop();
}

/** From the start of a server to its first answer to a new client. The process has done the same before. */
async function measureStartUp(report: Report): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < 12; round += 1) {
    const startedAt = performance.now();
    const momento = await MomentoLocal.start({ caches: ['bench'] });
    await withClient(momento.port, async (client) => {
      const answer = await client.get('bench', 'key');
      times.push(performance.now() - startedAt);
      if (!(answer instanceof CacheGet.Miss)) throw new TypeError(answer.toString());
    });
    await momento.stop();
  }
  report.rounds('MomentoLocal: start-up to the first answer, warm, ms', times.slice(5), { atMost: 50 });
}

/** Gets and sets a second; and with `usageOf`, how much of the CPU that both processes use goes to the server's. */
async function measureThroughput(
  report: Report,
  client: CacheClient,
  where: string,
  usageOf?: () => Promise<Usage>,
): Promise<void> {
  const operations = {
    sets: () => client.set('bench', 'key', VALUE),
    gets: () => client.get('bench', 'key'),
  };
  for (const concurrency of CONCURRENCIES) {
    for (const [name, operation] of Object.entries(operations)) {
      await callsPerSecond(operation, concurrency, WARM_UP_MS);
      const before = await usageOf?.();
      const ownBefore = process.cpuUsage();
      const perSecond = await callsPerSecond(operation, concurrency, MEASURED_MS);
      const own = process.cpuUsage(ownBefore);
      const after = await usageOf?.();
      const what = `${name} a second, ${concurrency} at a time, ${where}`;
      report.count(what, perSecond);
      if (before === undefined || after === undefined) continue;
      const cpuMicros = after.cpuMicros - before.cpuMicros;
      report.count(
        `  of that, the server's share of the CPU, %`,
        (100 * cpuMicros) / (cpuMicros + own.user + own.system),
      );
    }
  }
}

async function callsPerSecond(
  call: () => Promise<CacheGet.Response | object>,
  concurrency: number,
  forMs: number,
): Promise<number> {
  const startedAt = performance.now();
  let calls = 0;
  const callOnAndOn = async () => {
    while (performance.now() - startedAt < forMs) {
      const answer = await call();
      if ('innerException' in answer) throw new Error(String(answer));
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, callOnAndOn));
  return (calls * 1000) / (performance.now() - startedAt);
}

async function measureMemory(
  report: Report,
  client: CacheClient,
  usageOf: () => Promise<Usage>,
): Promise<void> {
  const before = await usageOf();
  let firstKey = 0;
  const fill = async () => {
    while (firstKey < ITEMS) {
      const from = firstKey;
      firstKey += BATCH_ITEMS;
      const keys = Array.from({ length: BATCH_ITEMS }, (_, index) => `item-${from + index}`);
      const answer = await client.setBatch('bench', new Map(keys.map((key) => [key, VALUE])));
      if (answer instanceof CacheSetBatch.Error) throw answer.innerException();
    }
  };
  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, fill));
  const after = await usageOf();
  report.count('memory for 1,000,000 items of 100 bytes, MB', (after.rssBytes - before.rssBytes) / 1_000_000);
}

async function withClient(port: number, use: (client: CacheClient) => Promise<void>): Promise<void> {
  const configuration = Configurations.Laptop.latest().withClientTimeoutMillis(20_000);
  const transport = configuration
    .getTransportStrategy()
    .withMaxConcurrentRequests(Math.max(...CONCURRENCIES));
  const client = new CacheClient({
    configuration: configuration.withTransportStrategy(transport),
    credentialProvider: CredentialProvider.forMomentoLocal({ hostname: '127.0.0.1', port }),
    defaultTtlSeconds: 600,
  });
  await use(client).finally(() => client.close());
}
