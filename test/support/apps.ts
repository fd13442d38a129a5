import type { LoggerService, ModuleMetadata } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { fromSecretsManager, type MomentoModuleOptions } from 'nestjs-momento';
import { afterEach } from 'vitest';
import type { EmbeddedServers } from './embedded-servers.js';

export interface Apps {
  /** Options that lead to the embedded servers, and to the cache `demo-cache`. */
  readonly options: (more?: MomentoModuleOptions) => MomentoModuleOptions;
  /** Boots an app of these modules, which is closed after the test. */
  readonly start: (...imports: NonNullable<ModuleMetadata['imports']>) => Promise<TestingModule>;
  /** Closes an app after the test. @returns the app */
  readonly keep: (app: TestingModule) => TestingModule;
  /** Boots an app as `metadata` says it, which is closed after the test. */
  readonly startWith: (metadata: ModuleMetadata) => Promise<TestingModule>;
}

/** Nest prints errors of an app under test unless it is given another logger. */
const silent: LoggerService = { log: () => undefined, error: () => undefined, warn: () => undefined };

/** Apps on the embedded servers, closed before these stop. */
export function useApps(servers: EmbeddedServers): Apps {
  const running: TestingModule[] = [];
  afterEach(async () => {
    await Promise.all(running.splice(0).map((app) => app.close()));
  });
  const keep = (app: TestingModule) => {
    running.push(app);
    return app;
  };
  // Only one that started: Nest 11 cannot close the others, and they close what is theirs themselves.
  const startWith = async (metadata: ModuleMetadata) =>
    keep(await (await Test.createTestingModule(metadata).setLogger(silent).compile()).init());
  return {
    options: (more = {}) => ({
      credentials: fromSecretsManager({ endpoint: servers.secrets.endpoint }),
      endpoint: servers.momento.endpoints,
      cacheName: 'demo-cache',
      ...more,
    }),
    start: (...imports) => startWith({ imports }),
    startWith,
    keep,
  };
}
