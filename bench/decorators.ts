import { Inject, Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Cacheable, CacheService, fromMomentoLocal, MomentoModule } from 'nestjs-momento';
import type { OtherProcess } from './other-process.js';
import { interleave, type Report } from './report.js';

const rounds = 15;
const callsASlice = 100_000;
const ids = 1_000;
const options = { ttlSeconds: 3_600 };
const keyOf = (id: number) => `profile:${id}`;

@Injectable()
class Profiles {
  constructor(@Inject(CacheService) private readonly cache: CacheService) {}

  @Cacheable({ key: keyOf, ...options })
  async declared(id: number): Promise<number> {
    return id;
  }

  called(id: number): Promise<number> {
    return this.cache.getOrSet(keyOf(id), async () => id, options);
  }
}

/** What declaring costs over calling: near hits, where nothing else costs anything. */
export async function measureDecorators(report: Report, server: OtherProcess): Promise<void> {
  const root = MomentoModule.forRoot({
    credentials: fromMomentoLocal({ port: server.port }),
    cacheName: 'bench',
    cache: { nearCache: { maxItems: ids, ttlSeconds: 3_600 } },
  });
  const app = await Test.createTestingModule({ imports: [root], providers: [Profiles] }).compile();
  const profiles = app.get(Profiles);
  const sliceOf = (call: (id: number) => Promise<number>) => async () => {
    const before = process.cpuUsage();
    for (let count = 0; count < callsASlice; count += 1) await call(count % ids);
    const { user, system } = process.cpuUsage(before);
    return (user + system) / callsASlice;
  };
  const measures = {
    declared: sliceOf((id) => profiles.declared(id)),
    called: sliceOf((id) => profiles.called(id)),
  };
  await interleave(2, measures);
  const taken = await interleave(rounds, measures);
  const ratios = taken.map(({ declared, called }) => declared / called);
  report.rounds('a near hit by @Cacheable, over the same getOrSet, CPU', ratios, { atMost: 1.1 });
  await app.close();
}
