import { type INestApplication, Module } from '@nestjs/common';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import type { TestingModule } from '@nestjs/testing';
import {
  CacheService,
  type CredentialStatus,
  MomentoCredentials,
  MomentoModule,
  type MomentoModuleOptions,
  TopicService,
} from 'nestjs-momento';
import { MomentoHealthIndicator } from 'nestjs-momento/health';
import { describe, expect, it, vi } from 'vitest';
import { useApps } from '../../support/apps.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';

const servers = useEmbeddedServers();
const { options, start } = useApps(servers);

@Module({
  imports: [TerminusModule],
  providers: [MomentoHealthIndicator],
  exports: [MomentoHealthIndicator, TerminusModule],
})
class HealthModule {}

async function startApp(momento: MomentoModuleOptions = {}) {
  const app = await start(MomentoModule.forRoot(options({ refresh: false, ...momento })), HealthModule);
  const indicator = app.get(MomentoHealthIndicator);
  return { app, indicator, check: () => indicator.isHealthy('momento') };
}

/** What the credentials say from now on. */
function sayOfKey(app: TestingModule | INestApplication, more: Partial<CredentialStatus>): void {
  const credentials = app.get(MomentoCredentials);
  const status = credentials.status();
  vi.spyOn(credentials, 'status').mockReturnValue({ ...status, ...more });
}

describe('the health of a connection', () => {
  it('is up when Momento answers, and says how the parts are, but nothing of the set-up', async () => {
    const { app, check } = await startApp({ cache: { nearCache: { maxItems: 10 } } });
    await app.get(CacheService).getOrSet('key', () => 'value');
    await app.get(TopicService).subscribe('news', () => undefined);
    const before = servers.momento.requestCount();
    expect(await check()).toEqual({
      momento: {
        status: 'up',
        answeredAfterMs: expect.any(Number) as unknown,
        key: {
          versionId: expect.any(String) as unknown,
          generation: 1,
          ageSeconds: expect.any(Number) as unknown,
        },
        breaker: 'closed',
        nearCache: { items: 1, bytes: expect.any(Number) as unknown },
        subscriptions: { total: 1, failed: 0 },
      },
    });
    expect(servers.momento.requestCount()).toBe(before + 1);
    expect(JSON.stringify(await check())).not.toContain('127.0.0.1');
  });

  it('is down when Momento refuses, each time anew, and up again at once', async () => {
    const { app, check } = await startApp();
    servers.momento.faults.fail('keys-exist', 'PERMISSION_DENIED', { times: 2 });
    const twice = [await check(), await check()];
    for (const one of twice)
      expect(one).toMatchObject({ momento: { status: 'down', reason: 'PERMISSION_ERROR' } });
    expect(await check()).toMatchObject({ momento: { status: 'up' } });
    await expect(
      app.get(HealthCheckService).check([() => app.get(MomentoHealthIndicator).isHealthy('momento')]),
    ).resolves.toMatchObject({ status: 'ok' });
    servers.momento.faults.fail('keys-exist', 'PERMISSION_DENIED', { times: 1 });
    await expect(app.get(HealthCheckService).check([check])).rejects.toMatchObject({ status: 503 });
  });

  it('is down when Momento does not answer in time, and lets no call pile up at the breaker', async () => {
    const { indicator } = await startApp({ shutdownTimeoutSeconds: 0.5 });
    servers.momento.faults.hang('keys-exist');
    const all = await Promise.all(
      Array.from({ length: 20 }, () => indicator.isHealthy('momento', { timeoutMs: 50 })),
    );
    for (const one of all)
      expect(one).toMatchObject({
        momento: { status: 'down', reason: 'no-answer-in-time', breaker: 'closed' },
      });
  });

  it('is down when the cache is gone, and of another one up', async () => {
    const { indicator, check } = await startApp();
    servers.momento.createCache('others');
    servers.momento.deleteCache('demo-cache');
    expect(await check()).toMatchObject({ momento: { status: 'down', reason: 'NOT_FOUND_ERROR' } });
    expect(await indicator.isHealthy('momento', { cacheName: 'others' })).toMatchObject({
      momento: { status: 'up' },
    });
  });

  it('is down with a code, and does not reject, where the set-up is wrong or the app has closed', async () => {
    const { app, indicator, check } = await startApp({ cacheName: undefined });
    expect(await check()).toMatchObject({ momento: { status: 'down', reason: 'cache-name-missing' } });
    expect(await indicator.isHealthy('momento', { connection: 'no\nsuch', verbose: true })).toMatchObject({
      momento: {
        reason: 'connection-missing',
        verbose: { error: expect.stringContaining("'no\\nsuch'") as unknown },
      },
    });
    await app.close();
    const closed = await indicator.isHealthy('momento', { cacheName: 'demo-cache' });
    expect(closed).toMatchObject({ momento: { status: 'down', reason: 'connection-closed' } });
  });

  it.each([
    ['is not confirmed for three intervals', { ageSeconds: 901, nextRefreshAt: new Date() }, undefined, true],
    ['was confirmed not long ago', { ageSeconds: 899, nextRefreshAt: new Date() }, undefined, undefined],
    ['could not be confirmed', { ageSeconds: 901, lastError: 'away' }, undefined, true],
    ['is never confirmed again', { ageSeconds: 90_000, nextRefreshAt: undefined }, undefined, undefined],
    ['is older than asked for', { ageSeconds: 31, nextRefreshAt: undefined }, 30, true],
  ] as const)(
    'is up when the key %s, which may degrade it',
    async (_how, said, staleAfterSeconds, degraded) => {
      const { app, indicator } = await startApp();
      sayOfKey(app, said as Partial<CredentialStatus>);
      const { momento } = await indicator.isHealthy('momento', { staleAfterSeconds });
      expect([momento.status, momento['degraded']]).toEqual(['up', degraded]);
    },
  );

  it('is degraded when a subscription fails again and again', async () => {
    const { app, check } = await startApp();
    vi.spyOn(app.get(TopicService), 'stats').mockReturnValue({
      handlers: [],
      subscriptions: { total: 2, failed: 1 },
    });
    expect(await check()).toMatchObject({
      momento: { status: 'up', degraded: true, subscriptions: { total: 2, failed: 1 } },
    });
  });

  it('says in words what is wrong when asked to, in one line and without a key', async () => {
    const { app, indicator } = await startApp();
    sayOfKey(app, { versionId: `forged\n${servers.apiKey}`, lastError: 'the source is away' });
    servers.momento.faults.fail('keys-exist', 'PERMISSION_DENIED');
    const { momento } = await indicator.isHealthy('momento', { verbose: true });
    expect(momento).toMatchObject({
      status: 'down',
      verbose: {
        source: expect.stringContaining("secret 'Momento_Auth_Token'") as unknown,
        endpoint: expect.stringContaining('127.0.0.1') as unknown,
        lastError: 'the source is away',
        error: expect.stringContaining('failed with') as unknown,
      },
    });
    const shown = JSON.stringify([momento, await indicator.isHealthy('momento')]);
    expect(shown).not.toContain(servers.apiKey);
    expect(shown).not.toContain('\\n');
  });

  it('holds where a test replaced what it asks', async () => {
    const { app, check } = await startApp();
    vi.spyOn(app.get(MomentoCredentials), 'status').mockReturnValue(undefined as never);
    expect(await check()).toMatchObject({ momento: { status: 'up', breaker: 'closed' } });
    vi.spyOn(app.get(CacheService), 'has').mockRejectedValue('a text');
    expect(await check()).toMatchObject({ momento: { status: 'down', reason: 'unknown' } });
  });
});
