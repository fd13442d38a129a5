import { Configurations } from '@gomomento/sdk';
import { NestFactory } from '@nestjs/core';
import { CacheService, fromMomentoLocal, MomentoModule } from 'nestjs-momento';
import { measureKeyv } from './adapters/keyv.js';
import { measureThrottler } from './adapters/throttler.js';
import type { OtherProcess } from './other-process.js';
import type { Report } from './report.js';

/** What stands on the cache for other libraries. */
export async function measureAdapters(report: Report, server: OtherProcess): Promise<void> {
  const root = MomentoModule.forRoot({
    credentials: fromMomentoLocal({ port: server.port }),
    configuration: Configurations.Laptop.latest(),
    cacheName: 'bench',
  });
  const app = await NestFactory.createApplicationContext(root, { logger: false });
  await measureKeyv(report, server, app.get(CacheService));
  await measureThrottler(report, server, app.get(CacheService));
  await app.close();
}
