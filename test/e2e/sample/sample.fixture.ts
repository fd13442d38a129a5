import type { INestApplication } from '@nestjs/common';
import type { TestingModuleBuilder } from '@nestjs/testing';
import { afterEach, beforeEach, vi } from 'vitest';
import { LocalEnvironment } from '../../../sample/local-environment.js';

/**
 * Surrounds each test with the embedded Secrets Manager and Momento, and an environment that leads the sample to them, as
 * `npm start` does. What was booted with `start` is closed first.
 *
 * @param now the clock that Momento goes by, in milliseconds since 1970
 */
export function useSample(now = Date.now) {
  const apps: INestApplication[] = [];
  let local: LocalEnvironment;

  beforeEach(async () => {
    local = await LocalEnvironment.start(now);
    for (const [name, value] of Object.entries(local.variables)) vi.stubEnv(name, value);
  });
  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close()));
    vi.unstubAllEnvs();
    await local.stop();
  });

  return {
    get secrets() {
      return local.secrets;
    },
    get momento() {
      return local.momento;
    },
    /** Boots the app, on a free port unless there is one given. */
    async start(builder: TestingModuleBuilder, port = 0): Promise<INestApplication> {
      const moduleRef = await builder.compile();
      const app = moduleRef.createNestApplication({ forceCloseConnections: true });
      apps.push(app);
      await app.listen(port, '127.0.0.1');
      return app;
    },
  };
}
