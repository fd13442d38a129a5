import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { MomentoErrorCode } from '@gomomento/sdk';
import { Module, type Type } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import { CacheService } from 'nestjs-momento';
import type { MomentoLocal, SecretsManagerLocal } from 'nestjs-momento/local';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { awsEnvironment } from '../support/aws-environment.js';
import { readme, root, snippets } from './snippets.js';

@Module({})
class UsersModule {}

/** The TypeScript of a section, as the reader copies it. */
function codeOf(section: string): string[] {
  const [, text = ''] = readme.split(`\n## ${section}\n`);
  const [own = ''] = text.split('\n## ');
  return snippets
    .filter(({ language, code }) => language === 'ts' && own.includes(code))
    .map(({ code }) => code);
}

/** Runs a snippet as a module of its own. */
async function run<Exports>(code: string): Promise<Exports> {
  // Beside this file, so that it is compiled as the tests are, and finds the package on its source.
  const folder = await mkdtemp(`${root}test/readme/run-`);
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeFile(`${folder}/snippet.ts`, code);
  return (await import(`${folder}/snippet.ts`)) as Exports;
}

const [setUp = ''] = codeOf('Set up');
const [wholeApp = '', oneProvider = '', feature = '', forReal = ''] = codeOf('Testing');

/** Makes the `AppModule` of the set-up the one of the snippets, in the environment that it reads. */
async function takeSetUp(environment: Readonly<Record<string, string>> = {}): Promise<Type> {
  const variables = { ...awsEnvironment, MOMENTO_SECRET_ID: 'Momento_Auth_Token', ...environment };
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const { AppModule } = await run<{ AppModule: Type }>(setUp);
  vi.stubGlobal('AppModule', AppModule);
  return AppModule;
}

const apps: TestingModule[] = [];
async function start(app: TestingModule): Promise<CacheService> {
  apps.push(app);
  await app.init();
  return app.get(CacheService);
}

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

describe('what README.md says of tests works as it is written:', { timeout: 30_000 }, () => {
  it('the whole app, and its server made to fail', async () => {
    await takeSetUp();
    const { moduleRef } = await run<{ moduleRef: TestingModule }>(wholeApp);
    const cache = await start(moduleRef);
    await cache.set('key', 1);
    await expect(cache.get('key')).rejects.toMatchObject({ code: MomentoErrorCode.SERVER_UNAVAILABLE });
  });

  it('one provider replaced', async () => {
    await takeSetUp();
    const { moduleRef } = await run<{ moduleRef: TestingModule }>(oneProvider);
    const cache = await start(moduleRef);
    expect(await cache.getOrSet('key', () => 'loaded')).toBe('loaded');
  });

  it('a feature module alone', async () => {
    vi.stubGlobal('UsersModule', UsersModule);
    const { moduleRef } = await run<{ moduleRef: TestingModule }>(feature);
    const cache = await start(moduleRef);
    await cache.set('key', 1);
    expect(await cache.get('key')).toBe(1);
  });

  it('everything for real, and the set-up on the same servers', async () => {
    for (const [name, value] of Object.entries(awsEnvironment)) vi.stubEnv(name, value);
    const { momento, secrets, connected } = await run<{
      momento: MomentoLocal;
      secrets: SecretsManagerLocal;
      connected: Type;
    }>(forReal);
    onTestFinished(async () => {
      await Promise.all([momento.stop(), secrets.stop()]);
    });
    const cache = await start(await Test.createTestingModule({ imports: [connected] }).compile());
    await cache.set('key', 1);

    const AppModule = await takeSetUp({
      AWS_ENDPOINT_URL_SECRETS_MANAGER: secrets.endpoint,
      MOMENTO_ENDPOINT: momento.endpoints.cacheEndpoint,
    });
    const same = await start(await Test.createTestingModule({ imports: [AppModule] }).compile());
    expect(await same.get('key')).toBe(1);
    expect(secrets.callCount('GetSecretValue')).toBe(2);
  });
});
