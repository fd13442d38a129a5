import { ThrottlerStorageService } from '@nestjs/throttler';
import type { CacheService } from 'nestjs-momento';
import { MomentoThrottlerStorage } from 'nestjs-momento/throttler';
import type { OtherProcess } from '../other-process.js';
import { interleave, type Report } from '../report.js';
import { cpuOf, requestsOf } from './costs.js';

const rounds = 7;
const hits = 1_000;
const windowMs = 3_600_000;

type Storage = Pick<MomentoThrottlerStorage, 'increment'>;

const hit = (storage: Storage, key: string, limit: number) =>
  storage.increment(key, windowMs, limit, windowMs, 'default');

/** What limits shared by processes cost over those of one. */
export async function measureThrottler(
  report: Report,
  server: OtherProcess,
  cache: CacheService,
): Promise<void> {
  const ours = new MomentoThrottlerStorage(cache, { timeoutSeconds: 10 });
  const memory = new ThrottlerStorageService();
  const requests = (work: () => Promise<unknown>) => requestsOf(server, work);
  const counting = (storage: Storage) => () =>
    cpuOf(hits, 20, (index) => hit(storage, `client ${index % 100}`, 1e9));
  report.count('Throttler: requests a hit', (await requests(counting(ours))) / hits, { exactly: 1 });
  for (const storage of [ours, memory])
    for (let count = 0; count < 3; count += 1) await hit(storage, 'blocked', 2);
  const refusing = (storage: Storage) => () => cpuOf(hits, 1, () => hit(storage, 'blocked', 2));
  report.count('Throttler: requests a hit of who is blocked', (await requests(refusing(ours))) / hits, {
    exactly: 0,
  });
  const measures = {
    ours: counting(ours),
    memory: counting(memory),
    oursBlocked: refusing(ours),
    memoryBlocked: refusing(memory),
  };
  await interleave(1, measures);
  const taken = await interleave(rounds, measures);
  const micros = (kind: keyof typeof measures) => taken.map((round) => round[kind]);
  report.rounds('Throttler: µs of CPU a hit, counted at Momento', micros('ours'));
  report.rounds("Throttler: the same, @nestjs/throttler's memory", micros('memory'));
  report.rounds('Throttler: µs of CPU a hit of who is blocked', micros('oursBlocked'));
  report.rounds("Throttler: the same, @nestjs/throttler's memory", micros('memoryBlocked'));
  memory.onApplicationShutdown();
}
