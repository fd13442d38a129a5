import type { TestingModule } from '@nestjs/testing';
import { Configurations } from '@gomomento/sdk';
import { type CacheBinding, CacheService, MomentoModule } from 'nestjs-momento';
import type { MomentoLocal } from 'nestjs-momento/local';
import { afterEach, beforeEach, vi } from 'vitest';
import { useApps } from '../support/apps.js';
import { captureLogs } from '../support/capture-logs.js';
import { useEmbeddedServers } from '../support/embedded-servers.js';

export interface MeasuredApps {
  readonly servers: { readonly momento: MomentoLocal };
  /** @param limitMs how long a call may take */
  readonly startApp: (cache?: CacheBinding, limitMs?: number) => Promise<TestingModule>;
  readonly startCache: (cache?: CacheBinding, limitMs?: number) => Promise<CacheService>;
}

/** Apps on an embedded server that go by one clock, which stands still but for `pass`. */
export function useMeasuredApps(): MeasuredApps {
  // Before the server starts, so that it goes by the same clock.
  beforeEach(() => vi.useFakeTimers({ toFake: ['Date', 'performance'] }));
  afterEach(() => vi.useRealTimers());
  const servers = useEmbeddedServers();
  const { start, options } = useApps(servers);
  const logs = captureLogs();
  const startApp = async (cache: CacheBinding = {}, limitMs = 60_000) => {
    // Without keepalive: on a busy machine it would end connections, and calls would be repeated.
    const configuration = Configurations.Lambda.latest().withClientTimeoutMillis(limitMs);
    const app = await start(MomentoModule.forRoot(options({ cache, configuration })));
    logs.start();
    return app;
  };
  return {
    servers,
    startApp,
    startCache: async (...args) => (await startApp(...args)).get(CacheService),
  };
}

/** Time passes for what is cached; timers and streams go on as they do. */
export const pass = (seconds: number): void => void vi.advanceTimersByTime(seconds * 1000);

export const thousand: readonly string[] = Array.from({ length: 1_000 }, (_, index) => `profile:${index}`);

/** A loader that takes a moment. */
export async function load(): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 5));
  return 'loaded';
}
