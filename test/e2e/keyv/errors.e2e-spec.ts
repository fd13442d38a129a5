import { Keyv } from 'keyv';
import { CacheService, MomentoModule } from 'nestjs-momento';
import { KeyvMomento } from 'nestjs-momento/keyv';
import { describe, expect, it, vi } from 'vitest';
import { useApps } from '../../support/apps.js';
import { Canary } from '../../support/canary.js';
import { captureLogs } from '../../support/capture-logs.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';

const servers = useEmbeddedServers();
const { start, options } = useApps(servers);
const logs = captureLogs();
const patient = { timeout: 10_000, interval: 20 };

async function startKeyv(cache = {}, keyvOptions = {}) {
  const app = await start(MomentoModule.forRoot(options({ cache })));
  logs.start();
  const store = new KeyvMomento(app.get(CacheService));
  const keyv = new Keyv({ store, namespace: 'users', ...keyvOptions });
  const errors: Error[] = [];
  keyv.on('error', (error: Error) => errors.push(error));
  await keyv.set('key', 1);
  return { app, store, keyv, errors };
}

type Operation = (keyv: Keyv) => Promise<unknown>;

const operations: readonly (readonly [name: string, operation: Operation, failed: unknown])[] = [
  ['get', (keyv) => keyv.get('key'), undefined],
  ['get of many', (keyv) => keyv.get(['key', 'other']), [undefined, undefined]],
  ['has', (keyv) => keyv.has('key'), false],
  ['has of many', (keyv) => keyv.has(['key', 'other']), [false, false]],
  ['set', (keyv) => keyv.set('key', 2), false],
  [
    'setMany',
    (keyv) =>
      keyv.setMany([
        { key: 'key', value: 2 },
        { key: 'other', value: 2 },
      ]),
    [false, false],
  ],
  ['delete', (keyv) => keyv.delete('key'), false],
  ['delete of many', (keyv) => keyv.delete(['key', 'other']), false],
  ['clear', (keyv) => keyv.clear(), undefined],
];

const rpcs = ['get', 'get-batch', 'set', 'set-batch', 'delete', 'increment'] as const;

describe.each(operations)('%s of a Keyv on Momento', (_name, operation, failed) => {
  it('tells once what it fails with, and goes on without the cache', async () => {
    const { keyv, errors } = await startKeyv();
    const message = `no ${servers.apiKey}`;
    for (const rpc of rpcs) servers.momento.faults.fail(rpc, 'PERMISSION_DENIED', { message });
    expect(await operation(keyv)).toEqual(failed);
    expect(errors).toMatchObject([{ name: 'MomentoCacheError', code: 'PERMISSION_ERROR' }]);
    expect(errors[0]?.message).toContain('give it the role in the Momento console');
    expect(logs.lines).toEqual([expect.stringMatching(/^warn \[KeyvMomento\] Going on without the cache: /)]);
    const canary = new Canary(servers.apiKey);
    expect(canary.findIn([...errors.map(String), ...logs.lines].join('\n'))).toBeUndefined();

    servers.momento.faults.clear();
    await keyv.set('key', 3);
    expect(await keyv.get('key')).toBe(3);
    expect(errors).toHaveLength(1);
  });
});

describe('a Keyv on Momento', () => {
  it('rejects where it was told throwOnErrors', async () => {
    const { keyv } = await startKeyv({}, { throwOnErrors: true });
    for (const rpc of rpcs) servers.momento.faults.fail(rpc, 'PERMISSION_DENIED');
    const rejection = { name: 'MomentoCacheError', code: 'PERMISSION_ERROR' };
    await expect(keyv.get('key')).rejects.toMatchObject(rejection);
    await expect(keyv.set('key', 1)).rejects.toMatchObject(rejection);
    await expect(keyv.delete('key')).rejects.toMatchObject(rejection);
    await expect(keyv.clear()).rejects.toMatchObject(rejection);
  });

  it('fails at once when Momento has not answered lately, but for what is near, and comes back', async () => {
    const { keyv, errors } = await startKeyv({ cacheTimeoutSeconds: 0.05, nearCache: {} });
    await vi.waitFor(async () => {
      const before = servers.momento.requestCount();
      expect(await keyv.get('key')).toBe(1);
      expect(servers.momento.requestCount()).toBe(before);
    }, patient);
    for (const rpc of rpcs) servers.momento.faults.hang(rpc);
    for (let count = 0; count < 3; count += 1) expect(await keyv.get('other')).toBeUndefined();
    const before = servers.momento.requestCount();
    expect(await keyv.get('key')).toBe(1);
    for (const [, operation, failed] of operations.slice(4)) {
      expect(await operation(keyv)).toEqual(failed);
      expect(errors.at(-1)?.message).toContain('Momento has not answered lately');
    }
    expect(await keyv.get(['other'])).toEqual([undefined]);
    expect(servers.momento.requestCount()).toBe(before);
    servers.momento.faults.clear();
    await vi.waitFor(async () => expect(await keyv.set('key', 2)).toBe(true), patient);
    expect(await keyv.get('key')).toBe(2);
  });

  it('deletes what it could not look at', async () => {
    const { keyv } = await startKeyv();
    servers.momento.faults.fail('get', 'RESOURCE_EXHAUSTED', { times: 1 });
    expect(await keyv.delete('key')).toBe(true);
    expect(await keyv.get('key')).toBeUndefined();
  });

  it('says an outage in one line, however often it fails, and is not disturbed by a listener that fails', async () => {
    const { keyv, store } = await startKeyv();
    store.on('error', () => {
      throw new Error('listener');
    });
    for (const rpc of rpcs) servers.momento.faults.fail(rpc, 'NOT_FOUND');
    for (let count = 0; count < 30; count += 1) expect(await keyv.get('key')).toBeUndefined();
    expect(logs.lines).toHaveLength(2);
  });

  it('needs no listener', async () => {
    const { app } = await startKeyv();
    const keyv = new Keyv({ store: new KeyvMomento(app.get(CacheService)) });
    servers.momento.faults.fail('get', 'PERMISSION_DENIED');
    expect(await keyv.get('key')).toBeUndefined();
  });
});
