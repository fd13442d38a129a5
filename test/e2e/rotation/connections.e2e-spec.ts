import { Configurations } from '@gomomento/sdk';
import type { TestingModule } from '@nestjs/testing';
import {
  CacheService,
  MomentoCredentials,
  MomentoModule,
  type MomentoModuleOptions,
  TopicService,
} from 'nestjs-momento';
import { MomentoLocal } from 'nestjs-momento/local';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { useApps } from '../../support/apps.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';
import { fromSecretsOfThisMachine } from '../../support/secrets-of-this-machine.js';
import { startSilentServer } from '../../support/silent-server.js';
import { makeJwt } from '../../support/keys.js';

const servers = useEmbeddedServers();
const apps = useApps(servers);

function boot(options: MomentoModuleOptions = {}): Promise<TestingModule> {
  const credentials = fromSecretsOfThisMachine(servers.secrets.endpoint);
  const configuration = Configurations.InRegion.Default.latest();
  return apps.start(
    MomentoModule.forRoot(
      apps.options({ credentials, endpoint: undefined, configuration, refresh: false, ...options }),
    ),
  );
}

const store = (key: string) => servers.secrets.putSecret('Momento_Auth_Token', key);
const keyFor = (endpoint: string) =>
  Buffer.from(JSON.stringify({ endpoint, api_key: makeJwt({ sub: 'app' }) })).toString('base64');
/** How many connections the configurations of the SDK give a CacheClient. */
const ofOneClient = 6;

describe('connections', () => {
  it('are those of one CacheClient, after however many rotations', async () => {
    const app = await boot();
    const cache = app.get(CacheService);
    for (let rotation = 0; rotation < 10; rotation += 1) {
      store(servers.momento.issueApiKey());
      await app.get(MomentoCredentials).refreshNow();
      await cache.set('key', rotation);
    }
    await vi.waitFor(() => expect(servers.momento.connections).toBe(ofOneClient));
  });

  it('of topics, which the SDK cannot close, are at most three more a rotation', async () => {
    const app = await boot();
    const topics = app.get(TopicService);
    const received: unknown[] = [];
    await topics.subscribe('news', ({ value }) => void received.push(value));
    await topics.publish('news', 0);
    await vi.waitFor(() => expect(received).toHaveLength(1));
    const before = servers.momento.connections;
    for (let rotation = 1; rotation <= 5; rotation += 1) {
      store(servers.momento.issueApiKey());
      await app.get(MomentoCredentials).refreshNow();
      await topics.publish('news', rotation);
      await vi.waitFor(() => expect(received).toHaveLength(rotation + 1));
    }
    await vi.waitFor(() => expect(servers.momento.connections - before).toBeLessThanOrEqual(3 * 5));
    // And no rotation makes a call that the app did not ask for.
    expect(servers.momento.requestCount('topic-publish')).toBe(6);
  });

  it('are none of an app that is closed', async () => {
    const app = await boot();
    await app.get(CacheService).get('key');
    await app.close();
    await vi.waitFor(() => expect(servers.momento.connections).toBe(0));
  });

  it('are none of an app that is closed before it made a call', async () => {
    await (await boot()).close();
    await vi.waitFor(() => expect(servers.momento.connections).toBe(0));
  });

  it('are none after replacements that fail, at a host that accepts and stays silent', async () => {
    const silent = await startSilentServer();
    onTestFinished(() => silent.stop());
    const app = await boot({ endpoint: undefined });
    const before = servers.momento.connections;
    for (let attempt = 0; attempt < 3; attempt += 1) {
      store(keyFor(silent.address));
      await expect(app.get(MomentoCredentials).refreshNow()).rejects.toMatchObject({
        code: 'momento-unreachable',
      });
    }
    expect(silent.accepted).toBeGreaterThanOrEqual(3);
    await vi.waitFor(() => expect(silent.connections).toBe(0));
    expect(servers.momento.connections).toBe(before);
  });

  it('are none after replacements that fail because Momento knows no such key, or has no such cache', async () => {
    const elsewhere = await MomentoLocal.start({ port: 0, caches: ['another-cache'] });
    onTestFinished(() => elsewhere.stop());
    const app = await boot();
    const revoked = servers.momento.issueApiKey();
    servers.momento.revokeApiKey(revoked);
    for (const [key, code] of [
      [revoked, 'key-rejected'],
      [elsewhere.issueApiKey(), 'cache-not-found'],
    ] as const) {
      store(key);
      await expect(app.get(MomentoCredentials).refreshNow()).rejects.toMatchObject({ code });
    }
    await vi.waitFor(() => expect(servers.momento.connections).toBe(ofOneClient));
    await vi.waitFor(() => expect(elsewhere.connections).toBe(0));
  });

  it('are none of boots that fail', async () => {
    const silent = await startSilentServer();
    onTestFinished(() => silent.stop());
    const revoked = servers.momento.issueApiKey();
    servers.momento.revokeApiKey(revoked);
    for (const key of [keyFor(silent.address), revoked]) {
      store(key);
      await expect(boot({ bootTimeoutSeconds: 0.5 })).rejects.toThrow(/Momento/);
    }
    await vi.waitFor(() => expect(silent.connections).toBe(0));
    await vi.waitFor(() => expect(servers.momento.connections).toBe(0));
  });
});
