import { CacheClient } from '@gomomento/sdk';
import { Keyv } from 'keyv';
import { CacheService, MomentoModule } from 'nestjs-momento';
import { KeyvMomento } from 'nestjs-momento/keyv';
import { describe, expect, it, vi } from 'vitest';
import { useApps } from '../../support/apps.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';
import { countRequests } from './requests.fixture.js';

const servers = useEmbeddedServers();
const { start, options } = useApps(servers);
const patient = { timeout: 10_000, interval: 20 };

/** A process of its own, as far as caches go. */
async function startProcess(clearSeenWithinSeconds = 5, namespace = 'users') {
  const app = await start(MomentoModule.forRoot(options({ cache: { nearCache: {} } })));
  const cache = app.get(CacheService);
  const open = (name: string) =>
    new Keyv({ store: new KeyvMomento(cache, { clearSeenWithinSeconds }), namespace: name });
  return { client: app.get(CacheClient), open, keyv: open(namespace) };
}

describe('clear() of a KeyvMomento', () => {
  it('is seen at once in its process, and in others within the bound, without a request more an operation', async () => {
    const [one, other] = [await startProcess(0.5), await startProcess(0.5)];
    await one.keyv.set('key', 1);
    expect([await one.keyv.get('key'), await other.keyv.get('key')]).toEqual([1, 1]);
    await one.keyv.clear();
    expect([await one.keyv.get('key'), await one.keyv.has('key')]).toEqual([undefined, false]);
    await vi.waitFor(async () => expect(await other.keyv.get('key')).toBeUndefined(), patient);
    await one.keyv.set('key', 2);
    expect([await one.keyv.get('key'), await other.keyv.get('key')]).toEqual([2, 2]);

    const calm = await startProcess(600);
    await calm.keyv.get('key');
    const operations = async () => {
      for (let count = 0; count < 20; count += 1) await calm.keyv.get(`key ${count}`);
    };
    expect(await countRequests(servers.momento, operations)).toEqual({ get: 20 });
  });

  it('is that of one namespace, whatever the names', async () => {
    const { open } = await startProcess();
    const hostile = ['a', 'a",1]', 'a:b', '["a",1]', '', '\u0000', 'generation:["a"]'];
    const keyvs = hostile.map(open);
    const keys = ['', 'key', ',1]key', 'b:key'];
    for (const [index, keyv] of keyvs.entries()) for (const key of keys) await keyv.set(key, index);
    for (const [index, keyv] of keyvs.entries()) expect(await keyv.get(keys)).toEqual(keys.map(() => index));
    await keyvs[0]?.clear();
    for (const [index, keyv] of keyvs.entries())
      expect(await keyv.get(keys)).toEqual(keys.map(() => (index === 0 ? undefined : index)));
  });

  it('follows the namespace that Keyv changes to', async () => {
    const { keyv, open } = await startProcess();
    await keyv.set('key', 'of users');
    keyv.namespace = 'orders';
    await keyv.set('key', 'of orders');
    await keyv.clear();
    expect(await keyv.get('key')).toBeUndefined();
    expect(await open('users').get('key')).toBe('of users');
  });

  it('does not bring back what was cleared when Momento has lost the number', async () => {
    const { keyv, client, open } = await startProcess();
    await keyv.set('key', 1);
    for (let count = 0; count < 3; count += 1) {
      await client.delete('demo-cache', 'keyv:generation:["users"]');
      if (count === 1) await keyv.clear();
      expect(await open('users').get('key')).toBeUndefined();
    }
    await keyv.clear();
    expect(await keyv.get('key')).toBeUndefined();
  });

  it('clears what is being written when it is called', async () => {
    const { keyv } = await startProcess();
    await keyv.get('key');
    servers.momento.faults.delay('set', 100, { times: 1 });
    const set = keyv.set('key', 1);
    await keyv.clear();
    await set;
    expect(await keyv.get('key')).toBeUndefined();
  });

  it('rejects nothing and clears nothing when it fails, and tells it', async () => {
    const { keyv } = await startProcess();
    await keyv.set('key', 1);
    const errors: unknown[] = [];
    keyv.on('error', (error: unknown) => errors.push(error));
    servers.momento.faults.fail('increment', 'RESOURCE_EXHAUSTED', { times: 1 });
    await keyv.clear();
    expect(errors).toMatchObject([{ code: 'LIMIT_EXCEEDED_ERROR' }]);
    expect(await keyv.get('key')).toBe(1);
    await keyv.clear();
    expect(await keyv.get('key')).toBeUndefined();
  });

  it('leaves one item behind, however often', async () => {
    const { keyv } = await startProcess();
    for (let count = 0; count < 300; count += 1) await keyv.clear();
    expect(servers.momento.stats().items).toBe(1);
  });
});
