import { CacheClient, InvalidArgumentError, PreviewLeaderboardClient } from '@gomomento/sdk';
import { Test, type TestingModule } from '@nestjs/testing';
import { fromSecretsManager, MomentoModule } from 'nestjs-momento';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { useEmbeddedServers } from '../support/embedded-servers.js';

const servers = useEmbeddedServers();
let app: TestingModule;

beforeEach(async () => {
  const credentials = fromSecretsManager({ endpoint: servers.secrets.endpoint });
  app = await Test.createTestingModule({
    imports: [MomentoModule.forRoot({ credentials, cacheName: 'demo-cache' })],
  }).compile();
  await app.init();
});

afterEach(() => app.close());

/** Calls a method as a caller without types does. */
const untyped = (target: object, method: string, ...args: unknown[]): unknown =>
  Reflect.apply(Reflect.get(target, method), target, args);

describe('the injected clients, given what the types forbid, do what the SDK’s own do', () => {
  it.each([
    ['no leaderboard name', ['demo-cache', '']],
    ['a blank leaderboard name', ['demo-cache', '   ']],
    ['a blank cache name', [' ', 'board']],
    ['no name at all', ['demo-cache', undefined]],
  ])('leaderboard() with %s throws at once', (_what, names) => {
    const client = app.get(PreviewLeaderboardClient);

    expect(() => untyped(client, 'leaderboard', ...names)).toThrow(
      expect.toSatisfy((error) => error instanceof InvalidArgumentError),
    );
    expect(() => untyped(client, 'leaderboard', ...names)).toThrow(
      'cache name and leaderboard name must not be empty strings',
    );
  });

  it('leaderboard() with names calls nobody until it is used', async () => {
    const before = servers.momento.requestCount();
    const board = app.get(PreviewLeaderboardClient).leaderboard('demo-cache', 'board');
    expect(servers.momento.requestCount()).toBe(before);

    await board.upsert(new Map([[1, 2]]));
    expect(String(await board.length())).toContain('1');
  });

  it.each(['getBatch', 'setBatch'])('%s() takes null for its options', async (method) => {
    const client = app.get(CacheClient);
    const items = method === 'getBatch' ? ['k'] : { k: 'v' };

    expect(String(await untyped(client, method, 'demo-cache', items, null))).toMatch(/^(Success|Hit|.*Miss)/);
    expect(servers.momento.requestCount(method === 'getBatch' ? 'get-batch' : 'set-batch')).toBe(1);
  });
});
