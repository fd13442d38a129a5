import { CacheClient } from '@gomomento/sdk';
import { Keyv } from 'keyv';
import { CacheService, MomentoModule } from 'nestjs-momento';
import { KeyvMomento } from 'nestjs-momento/keyv';
import { describe, expect, it } from 'vitest';
import { useApps } from '../../support/apps.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';

const servers = useEmbeddedServers();
const { start, options } = useApps(servers);

/** What Keyv 6 asks of a store that it has a bridge for: each of these an async function, and a namespace of its own. */
const asked = ['get', 'has', 'hasMany', 'set', 'setMany', 'delete', 'deleteMany', 'clear'] as const;

/** As Keyv 6.1 does it, which needs Node 22: its bridge asks for the namespace first, and gives keys as they are, and a TTL. */
class Keyv6 {
  readonly opts = undefined;
  readonly #store: KeyvMomento;
  readonly errors: unknown[] = [];

  constructor(store: KeyvMomento, namespace?: string) {
    this.#store = store;
    void store.namespace;
    store.on('error', (error) => this.errors.push(error));
    if (namespace !== undefined) store.namespace = namespace;
  }

  set namespace(namespace: string | undefined) {
    this.#store.namespace = namespace;
  }

  async get(key: string): Promise<unknown> {
    const text = await this.#store.get<string>(key);
    return text === undefined ? undefined : (JSON.parse(text) as { value: unknown }).value;
  }

  async set(key: string, value: unknown, ttl?: number): Promise<boolean> {
    const expires = ttl === undefined ? undefined : Date.now() + ttl;
    try {
      return await this.#store.set(key, JSON.stringify({ value, expires }), ttl);
    } catch (error) {
      this.errors.push(error);
      return false;
    }
  }

  delete = (key: string) => this.#store.delete(key);
  clear = () => this.#store.clear();
  on = () => this;
}

async function startCache() {
  const app = await start(MomentoModule.forRoot(options()));
  return { cache: app.get(CacheService), client: app.get(CacheClient) };
}

describe('under the bridge of Keyv 6, KeyvMomento', () => {
  it('is taken for a store of Keyv 5, in what is published as well: its functions stay async', async () => {
    const { cache } = await startCache();
    const store = new KeyvMomento(cache);
    expect(asked.filter((name) => store[name].constructor.name !== 'AsyncFunction')).toEqual([]);
    expect('namespace' in store).toBe(true);
    expect(['capabilities', 'iterator'].filter((name) => name in store)).toEqual([]);
  });

  it('tells namespaces apart, and stores a text once', async () => {
    const { cache, client } = await startCache();
    const [users, orders] = ['users', 'orders'].map((name) => new Keyv6(new KeyvMomento(cache), name));
    await users?.set('key', '{"value":1,"more":2}', 5_000);
    await orders?.set('key', 2);
    expect([await users?.get('key'), await orders?.get('key')]).toEqual(['{"value":1,"more":2}', 2]);
    await users?.clear();
    expect([await users?.get('key'), await orders?.get('key')]).toEqual([undefined, 2]);
    const generation = await client.get('demo-cache', 'keyv:generation:["orders"]');
    const stored = await client.get('demo-cache', `keyv:["orders",${generation.value() ?? ''}]key`);
    expect(stored.value()).toBe('{"value":2}');
  });

  it.each([undefined, 5_000])(
    'refuses what a Keyv 5 over it has written, as @nestjs/cache-manager makes one, with a TTL of %s',
    async (ttl) => {
      const { cache } = await startCache();
      const inner = new Keyv6(new KeyvMomento(cache));
      const outer = new Keyv({ store: inner, namespace: 'users' });
      expect(await outer.set('key', { id: 1 }, ttl)).toBe(false);
      expect(inner.errors).toMatchObject([
        {
          name: 'MomentoCacheError',
          code: 'INVALID_ARGUMENT_ERROR',
          message: expect.stringContaining('two Keyvs, one inside the other, have written it'),
        },
      ]);
      expect(inner.errors.map(String)).toEqual([expect.stringContaining('the KeyvMomento itself')]);
      expect(await outer.get('key')).toBeUndefined();
    },
  );
});

describe('under a Keyv 5, KeyvMomento', () => {
  it('stores a JSON text of an app that looks like one of Keyv', async () => {
    const { cache } = await startCache();
    const keyv = new Keyv({ store: new KeyvMomento(cache) });
    for (const [text, ttl] of [
      ['{"value":1}', undefined],
      ['{"value":1,"expires":1}', 5_000],
    ] as const) {
      expect(await keyv.set('key', text, ttl)).toBe(true);
      expect(await keyv.get('key')).toBe(text);
    }
  });
});
