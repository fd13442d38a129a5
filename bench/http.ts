import { CacheInterceptor, CacheModule } from '@nestjs/cache-manager';
import { Controller, Get, type NestInterceptor, UseInterceptors } from '@nestjs/common';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { CacheTtl, fromMomentoLocal, MomentoCacheInterceptor, MomentoModule } from 'nestjs-momento';
import type { OtherProcess } from './other-process.js';
import { interleave, type Report } from './report.js';

const rounds = 21;
const requestsASlice = 400;
const answer = { id: 7, name: 'Ada', tags: ['one', 'two', 'three'], text: 'v'.repeat(100) };

/** What any interceptor costs. */
class Idle implements NestInterceptor {
  intercept(...[, next]: Parameters<NestInterceptor['intercept']>) {
    return next.handle();
  }
}

@Controller()
class PagesController {
  @Get('plain')
  plain() {
    return answer;
  }

  @Get('cached')
  @UseInterceptors(MomentoCacheInterceptor)
  @CacheTtl(3_600)
  cached() {
    return answer;
  }

  @Get('idle')
  @UseInterceptors(Idle)
  idle() {
    return answer;
  }

  @Get('cache-manager')
  @UseInterceptors(CacheInterceptor)
  cacheManager() {
    return answer;
  }
}

/** What a route costs that is answered from memory: requests are injected, so that no socket is in it. */
export async function measureHttp(report: Report, server: OtherProcess): Promise<void> {
  const root = MomentoModule.forRoot({
    credentials: fromMomentoLocal({ port: server.port }),
    cacheName: 'bench',
    cache: { nearCache: { ttlSeconds: 3_600 } },
  });
  const building = Test.createTestingModule({
    imports: [root, CacheModule.register({ ttl: 3_600_000 })],
    controllers: [PagesController],
  });
  const app = (await building.compile()).createNestApplication<NestFastifyApplication>(new FastifyAdapter());
  await app.init();
  const first = await app.inject({ url: '/cached' });
  const notModified = { 'if-none-match': String(first.headers['etag']) };
  const cpuMicrosOf =
    (url: string, statusCode = 200, headers: Readonly<Record<string, string>> = {}) =>
    async () => {
      const before = process.cpuUsage();
      for (let count = 0; count < requestsASlice; count += 1) {
        const response = await app.inject({ url, headers });
        if (response.statusCode !== statusCode) throw new Error(`${url}: ${response.statusCode}`);
      }
      const { user, system } = process.cpuUsage(before);
      return (user + system) / requestsASlice;
    };
  const measures = {
    plain: cpuMicrosOf('/plain'),
    idle: cpuMicrosOf('/idle'),
    hit: cpuMicrosOf('/cached'),
    notModified: cpuMicrosOf('/cached', 304, notModified),
    cacheManager: cpuMicrosOf('/cache-manager'),
  };
  await interleave(3, measures);
  const taken = await interleave(rounds, measures);
  const more = (name: keyof typeof measures) => taken.map((round) => round[name] - round.plain);
  report.rounds(
    'a plain route on Fastify, µs of CPU',
    taken.map(({ plain }) => plain),
  );
  report.rounds('  with an interceptor that does nothing: µs more', more('idle'));
  report.rounds('  answered by the interceptor from near: µs more', more('hit'), { atMost: 25 });
  report.rounds("  answered by @nestjs/cache-manager's from memory: µs more", more('cacheManager'));
  report.rounds(
    '  a 304, over the plain route',
    taken.map((round) => round.notModified / round.plain),
    { atMost: 1 },
  );
  await app.close();
}
