import { CacheClient, CacheGetBatch, CacheSetBatch, Configurations, MomentoErrorCode } from '@gomomento/sdk';
import { Logger } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  CacheService,
  type CredentialSource,
  MomentoCredentials,
  MomentoModule,
  type MomentoModuleOptions,
} from 'nestjs-momento';
import { MomentoLocal } from 'nestjs-momento/local';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { useApps } from '../../support/apps.js';
import { captureLogs } from '../../support/capture-logs.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';
import { fromSecretsOfThisMachine } from '../../support/secrets-of-this-machine.js';

const servers = useEmbeddedServers();
const logs = captureLogs();
const apps = useApps(servers);

function momentoModule(options: MomentoModuleOptions = {}) {
  const credentials = fromSecretsOfThisMachine(servers.secrets.endpoint);
  const configuration = Configurations.InRegion.Default.latest();
  return MomentoModule.forRoot(
    apps.options({ credentials, endpoint: undefined, configuration, refresh: false, ...options }),
  );
}

async function boot(options?: MomentoModuleOptions): Promise<TestingModule> {
  const app = await apps.start(momentoModule(options));
  logs.start();
  return app;
}

function rotate({ revoke = true } = {}): void {
  const old = servers.apiKey;
  servers.apiKey = servers.momento.issueApiKey();
  servers.secrets.putSecret('Momento_Auth_Token', servers.apiKey);
  if (revoke) servers.momento.revokeApiKey(old);
}

/** A source of the secret whose fetches something may happen after. */
function sourceWith(afterFetch: (count: number) => void): CredentialSource {
  const source = fromSecretsOfThisMachine(servers.secrets.endpoint);
  let count = 0;
  return {
    describe: () => source.describe(),
    fetch: async (context) => {
      const fetched = await source.fetch(context);
      afterFetch((count += 1));
      return fetched;
    },
    close: () => source.close?.(),
  };
}

describe('a rotation to a key whose account lacks', () => {
  it.each([
    ['the cache of the connection', undefined, 'demo-cache'],
    ['a cache of forFeature', 'sessions', 'sessions'],
  ])('%s does not come into use; requests go on', async (_what, featureCache, missing) => {
    const elsewhere = await MomentoLocal.start({
      port: 0,
      caches: ['demo-cache', 'sessions'].filter((name) => name !== missing),
    });
    onTestFinished(() => elsewhere.stop());
    servers.momento.createCache('sessions');
    const features = featureCache === undefined ? [] : [{ cacheName: featureCache }];
    const imports = [momentoModule(), MomentoModule.forFeature(features)];
    const app = await Test.createTestingModule({ imports }).compile();
    apps.keep(app);
    await app.init();
    const credentials = app.get(MomentoCredentials);
    const failed = vi.fn<() => void>();
    credentials.on('refreshFailed', failed);
    servers.secrets.putSecret('Momento_Auth_Token', elsewhere.issueApiKey());
    await expect(credentials.refreshNow()).rejects.toMatchObject({ code: 'cache-not-found' });
    expect(failed).toHaveBeenCalledOnce();
    expect(credentials.status()).toMatchObject({
      generation: 1,
      lastError: expect.stringContaining(missing),
    });
    await app.get(CacheService).set('key', 1);
    expect(elsewhere.requestCount('set')).toBe(0);

    elsewhere.createCache(missing);
    expect(await credentials.refreshNow()).toMatchObject({ generation: 2 });
    await app.get(CacheService).set('key', 1);
    expect(elsewhere.requestCount('set')).toBe(1);
  });

  it('the cache creates it when the option createCaches is set', async () => {
    const elsewhere = await MomentoLocal.start({ port: 0, caches: [] });
    onTestFinished(() => elsewhere.stop());
    const app = await boot({ createCaches: true });
    servers.secrets.putSecret('Momento_Auth_Token', elsewhere.issueApiKey());
    await app.get(MomentoCredentials).refreshNow();
    expect(elsewhere.cacheNames).toEqual(['demo-cache']);
  });
});

describe('a rotation to a key for another host', () => {
  it('comes into use there, which the log and the status say', async () => {
    const elsewhere = await MomentoLocal.start({ port: 0, caches: ['demo-cache'] });
    onTestFinished(() => elsewhere.stop());
    const app = await boot();
    const said: unknown[] = [];
    const log = vi.spyOn(Logger.prototype, 'log').mockImplementation((line: unknown) => void said.push(line));
    onTestFinished(() => log.mockRestore());
    const credentials = app.get(MomentoCredentials);
    expect(credentials.status().endpoint).toBe(`127.0.0.1:${servers.momento.port}`);
    servers.secrets.putSecret('Momento_Auth_Token', elsewhere.issueApiKey());
    expect(await credentials.refreshNow()).toMatchObject({ endpoint: `127.0.0.1:${elsewhere.port}` });
    expect(said).toEqual([
      expect.stringContaining(
        `It is for another host: '127.0.0.1:${elsewhere.port}' in place of '127.0.0.1:${servers.momento.port}'.`,
      ),
    ]);
  });
});

describe('a boot in the middle of a rotation', () => {
  it('asks the secret again when the first read was stale', async () => {
    rotate();
    servers.secrets.faults.staleRead({ times: 1 });
    const app = await boot();
    expect(await app.get(CacheService).get('key')).toBeUndefined();
    expect(servers.secrets.callCount('GetSecretValue')).toBe(2);
  });

  it('asks the secret again when the key was revoked before its first call', async () => {
    const app = await boot({ credentials: sourceWith((count) => count === 1 && rotate()) });
    expect(await app.get(CacheService).get('key')).toBeUndefined();
    expect(app.get(MomentoCredentials).status().generation).toBe(2);
  });

  it('stands although the key changes every 40 ms', async () => {
    const rotating = setInterval(() => rotate(), 40);
    onTestFinished(() => clearInterval(rotating));
    const app = await boot();
    expect(app.get(MomentoCredentials).status().generation).toBeGreaterThanOrEqual(1);
  });

  it('fails with advice when no other key comes within the time, and says meanwhile what it waits for', async () => {
    servers.momento.revokeApiKey(servers.apiKey);
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    onTestFinished(() => warn.mockRestore());
    await expect(boot({ bootTimeoutSeconds: 0.5 })).rejects.toMatchObject({
      code: 'key-rejected',
      advice: expect.stringContaining('not revoked'),
    });
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      "Momento rejected the key of secret 'Momento_Auth_Token' in us-west-2; looking for another one.",
    );
  });

  it('says once a second that Momento cannot be reached', async () => {
    await servers.momento.faults.down();
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue(undefined);
    onTestFinished(() => warn.mockRestore());
    const booting = boot();
    await vi.waitFor(() => expect(warn).toHaveBeenCalled(), { timeout: 5_000 });
    await servers.momento.faults.up();
    await booting;
    expect(warn.mock.calls.length).toBeLessThanOrEqual(3);
    expect(String(warn.mock.calls[0]?.[0])).toMatch(/^Momento cannot be reached yet .*; trying again\.$/);
  });
});

describe('a passing rejection', () => {
  it('costs a call a repeat, when the source gives the same key and Momento accepts it again', async () => {
    const app = await boot();
    await app.get(CacheService).set('key', 1);
    servers.momento.faults.fail('get', 'UNAUTHENTICATED', { times: 1 });
    expect(await app.get(CacheService).get('key')).toBe(1);
    expect(servers.momento.requestCount('get')).toBe(2);
    expect(servers.secrets.callCount('GetSecretValue')).toBe(2);
    expect(app.get(MomentoCredentials).status().generation).toBe(1);
  });

  it('ends the wait of calls that were rejected twice, as soon as another call is accepted', async () => {
    const app = await boot({ configuration: Configurations.Laptop.latest() });
    servers.momento.faults.fail('get', 'UNAUTHENTICATED', { times: 2 });
    const waiting = app.get(CacheService).get('key');
    await vi.waitFor(() => expect(servers.momento.requestCount('get')).toBe(2));
    await app.get(CacheService).set('other', 1);
    expect(await waiting).toBeUndefined();
    expect(servers.secrets.callCount('GetSecretValue')).toBeLessThan(5);
  });

  it('of a token of the caller’s own says nothing of the connection’s key', async () => {
    const app = await boot();
    const { AuthClient } = await import('@gomomento/sdk');
    await app
      .get(AuthClient)
      .refreshApiKey('not-a-token')
      .catch(() => undefined);
    await app.get(CacheService).get('key');
    expect(servers.secrets.callCount('GetSecretValue')).toBe(1);
  });
});

describe.each([
  ['returns', false],
  ['throws', true],
])('a batch, with a configuration that %s errors', (_what, throwOnErrors) => {
  const configuration = Configurations.InRegion.Default.latest()
    .withClientTimeoutMillis(400)
    .withThrowOnErrors(throwOnErrors);
  const outcomeOf = async (call: Promise<CacheGetBatch.Response | CacheSetBatch.Response>) => {
    const answer = await call.catch((error: unknown) => error);
    return answer instanceof CacheGetBatch.Error || answer instanceof CacheSetBatch.Error
      ? answer.innerException()
      : answer;
  };

  it('that gets no answer is timed out, and does not speak of a signal that the caller did not give', async () => {
    const app = await boot({ configuration });
    servers.momento.faults.hang('get-batch');
    servers.momento.faults.hang('set-batch');
    const client = app.get(CacheClient);
    const items = new Map([['key', 'value']]);
    for (const call of [client.getBatch('demo-cache', ['key']), client.setBatch('demo-cache', items)]) {
      const error = await outcomeOf(call);
      expect(error).toMatchObject({ _errorCode: MomentoErrorCode.TIMEOUT_ERROR });
      expect(String(error)).not.toContain('AbortSignal');
    }
    await expect(app.get(CacheService).getMany(['key', 'other'])).rejects.toMatchObject({
      code: 'TIMEOUT_ERROR',
    });
  });

  it('ends with the signal of the caller', async () => {
    const app = await boot({ configuration: configuration.withClientTimeoutMillis(10_000) });
    servers.momento.faults.hang('get-batch');
    const abort = new AbortController();
    const call = outcomeOf(
      app.get(CacheClient).getBatch('demo-cache', ['key'], { abortSignal: abort.signal }),
    );
    await vi.waitFor(() => expect(servers.momento.requestCount('get-batch')).toBe(1));
    abort.abort();
    expect(await call).toMatchObject({ _errorCode: MomentoErrorCode.CANCELLED_ERROR });
  });

  it('has its whole time again when it is repeated with another key', async () => {
    const app = await boot({ configuration: configuration.withClientTimeoutMillis(2_000) });
    // The look for another key takes most of the first time.
    servers.secrets.faults.delay(1_200);
    rotate();
    const call = app.get(CacheClient).getBatch('demo-cache', ['key']);
    await vi.waitFor(() => expect(servers.momento.requestCount('get-batch')).toBe(1), { interval: 5 });
    servers.momento.faults.delay('get-batch', 1_200);
    expect(await call).toBeInstanceOf(CacheGetBatch.Success);
    expect(servers.momento.requestCount('get-batch')).toBe(2);
  });
});

describe('in Lambda, which has no timers between its calls', () => {
  it('a call drives the refresh, and a rotation is followed', async () => {
    vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'a-function');
    onTestFinished(() => void vi.unstubAllEnvs());
    const app = await boot({ refresh: { intervalSeconds: 0.05 } });
    rotate({ revoke: false });
    await sleep(200);
    expect(servers.secrets.callCount('GetSecretValue')).toBe(1);
    await app.get(CacheService).get('key');
    await vi.waitFor(() => expect(app.get(MomentoCredentials).status().generation).toBe(2));
  });
});

describe('the end of a connection', () => {
  it('waits for clients that were replaced and still answer a call', async () => {
    const app = await boot();
    servers.momento.faults.delay('get', 400, { times: 1 });
    const inFlight = app.get(CacheService).get('key');
    await vi.waitFor(() => expect(servers.momento.requestCount('get')).toBe(1), { interval: 5 });
    const drained = vi.fn<() => void>();
    app.get(MomentoCredentials).on('drained', drained);
    rotate({ revoke: false });
    await app.get(MomentoCredentials).refreshNow();
    await app.close();
    expect(await inFlight).toBeUndefined();
    await vi.waitFor(() => expect(servers.momento.connections).toBe(0));
  });

  it('in the middle of a first call makes no clients any more', async () => {
    servers.secrets.faults.delay(300);
    const builder = Test.createTestingModule({ imports: [momentoModule({ shutdownTimeoutSeconds: 0 })] });
    const app = await builder.overrideProvider(CacheService).useValue({}).compile();
    const first = app
      .get(CacheClient)
      .get('demo-cache', 'key')
      .catch((error: unknown) => error);
    await vi.waitFor(() => expect(servers.secrets.callCount('GetSecretValue')).toBe(1));
    await app.close();
    expect(await first).toMatchObject({ name: 'MomentoClosedError' });
    await sleep(400);
    expect(servers.momento.connectionsAccepted).toBe(0);
  });
});

describe('the first key', () => {
  it('is waited for within the time limit of the call, and serves the next one', async () => {
    servers.secrets.faults.delay(600, { times: 1 });
    const builder = Test.createTestingModule({
      imports: [
        momentoModule({ configuration: Configurations.Laptop.latest().withClientTimeoutMillis(150) }),
      ],
    });
    // No boot that connects: the first call does.
    const app = await builder.overrideProvider(CacheService).useValue({}).compile();
    apps.keep(app);
    const startedAt = performance.now();
    await expect(app.get(CacheClient).get('demo-cache', 'key')).rejects.toMatchObject({
      _errorCode: MomentoErrorCode.TIMEOUT_ERROR,
    });
    expect(performance.now() - startedAt).toBeLessThan(550);
    await sleep(600);
    expect(await app.get(CacheClient).get('demo-cache', 'key')).toMatchObject({ type: 'Miss' });
    expect(servers.secrets.callCount('GetSecretValue')).toBe(1);
  });

  it('is fetched again by the next call when the first fetch failed', async () => {
    servers.secrets.faults.accessDenied({ times: 1 });
    const builder = Test.createTestingModule({ imports: [momentoModule()] });
    const app = await builder.overrideProvider(CacheService).useValue({}).compile();
    apps.keep(app);
    await expect(app.get(CacheClient).get('demo-cache', 'key')).rejects.toMatchObject({
      code: 'access-denied',
    });
    expect(await app.get(CacheClient).get('demo-cache', 'key')).toMatchObject({ type: 'Miss' });
  });
});

describe('what the module injects', () => {
  it('is closed with the app alone: close() of the CacheClient says so, and ends nothing', async () => {
    const app = await boot();
    app.get(CacheClient).close();
    expect(logs.lines).toEqual([
      'warn [Momento] CacheClient.close() does nothing: the module closes what it injects, with the app.',
    ]);
    expect(await app.get(CacheService).get('key')).toBeUndefined();
  });

  it('works when a test replaced MomentoCredentials by what it needs of it', async () => {
    const status = () => ({ source: 'a test', generation: 1 });
    const builder = Test.createTestingModule({ imports: [momentoModule()] });
    const app = await builder.overrideProvider(MomentoCredentials).useValue({ status }).compile();
    apps.keep(app);
    await app.init();
    expect(await app.get(CacheService).get('key')).toBeUndefined();
    rotate();
    expect(await app.get(CacheService).get('key')).toBeUndefined();
  });
});
