import { NestFactory } from '@nestjs/core';
import { CacheService, fromMomentoLocal, MomentoModule } from 'nestjs-momento';
import { cacheName, configurationOf, type Contestant } from './cache.js';

const thisLibrary = (name: string, singleFlight: 'process' | 'fleet'): Contestant => ({
  name,
  async open(setUp) {
    const app = await NestFactory.createApplicationContext(
      MomentoModule.forRoot({
        credentials: fromMomentoLocal({ port: setUp.port }),
        configuration: configurationOf(setUp),
        cacheName,
      }),
      { logger: false },
    );
    const { ttlSeconds, graceSeconds = 0, softLimitMs } = setUp;
    // A grace with a soft limit is for a loader that fails or is slow; one without is handed out at once.
    const windows =
      softLimitMs === undefined
        ? { staleSeconds: graceSeconds }
        : { staleIfErrorSeconds: graceSeconds, loaderSoftTimeoutSeconds: softLimitMs / 1000 };
    const near = { nearCache: { maxItems: 10_000, ttlSeconds } };
    const cache = app
      .get(CacheService)
      .cache(cacheName, { singleFlight, ttlSeconds, ...windows, ...(setUp.near === true ? near : {}) });
    return {
      getOrSet: (key, loader) => cache.getOrSet(key, loader),
      delete: (key) => cache.delete(key),
      close: () => app.close(),
    };
  },
});

export const asItIs = thisLibrary('nestjs-momento', 'process');
export const inAFleet = thisLibrary('the same, `fleet`', 'fleet');
