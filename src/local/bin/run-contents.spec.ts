import { CacheSet } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import {
  FREE_PORTS,
  cacheClientFor,
  forged,
  freePort,
  readSecret,
  run,
  runReady,
  stopAfterEach,
  temporaryFile,
  useCache,
  valueOf,
} from './run.fixture.js';

stopAfterEach();

describe('momento-local --key-version', () => {
  it('none: accepts every call, and prints the same key each time', async () => {
    const port = String(await freePort());
    const argv = ['--port', port, '--secrets-port', '0', '--key-version', 'none'];
    const first = await runReady(argv);
    expect(await useCache(first.ready, 'demo-cache')).toBe('value');
    expect(await useCache({ ...first.ready, apiKey: forged(first.ready.apiKey) }, 'demo-cache')).toBe(
      'value',
    );
    const { AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint } = first.ready.environment;
    expect(await readSecret(endpoint, 'Momento_Auth_Token')).toBe(first.ready.apiKey);
    first.stop.abort();
    await first.exitCode;
    const second = await runReady(argv);
    expect(second.ready.apiKey).toBe(first.ready.apiKey);
  });

  it('says in the text for people that any key is accepted', async () => {
    const { written } = run(FREE_PORTS, { MOMENTO_LOCAL_KEY_VERSION: 'none' });
    await expect.poll(() => written.stdout).toContain('any other is accepted as well');
  });
});

describe('momento-local --max-bytes', () => {
  it.each([
    ['the flag', ['--max-bytes', '20'], {}],
    ['the environment', [], { MOMENTO_LOCAL_MAX_BYTES: '20' }],
  ])('by %s, lets the least recently used items go', async (_, argv, env) => {
    const { ready } = await runReady([...FREE_PORTS, ...argv], env);
    const client = cacheClientFor(ready);
    await client.set('demo-cache', 'first', '0123456789');
    await client.set('demo-cache', 'second', '0123456789');
    expect(valueOf(await client.get('demo-cache', 'first'))).toBeUndefined();
    expect(valueOf(await client.get('demo-cache', 'second'))).toBe('0123456789');
  });
});

describe('momento-local --limits', () => {
  const twoDaysSeconds = 2 * 24 * 60 * 60;

  it.each([
    ['documented, by the flag', ['--limits', 'documented'], {}, CacheSet.Error],
    ['documented, by the environment', [], { MOMENTO_LOCAL_LIMITS: 'documented' }, CacheSet.Error],
    [
      'sizes, by a flag that wins',
      ['--limits', 'sizes'],
      { MOMENTO_LOCAL_LIMITS: 'documented' },
      CacheSet.Success,
    ],
    ['sizes, by an empty variable', [], { MOMENTO_LOCAL_LIMITS: '' }, CacheSet.Success],
  ])('%s', async (_, argv, env, answer) => {
    const { ready } = await runReady([...FREE_PORTS, ...argv], env);
    const set = cacheClientFor(ready).set('demo-cache', 'key', 'value', { ttl: twoDaysSeconds });
    expect(await set).toBeInstanceOf(answer);
  });
});

describe('momento-local --seed', () => {
  it('holds the items when it says that it is ready, and creates their caches', async () => {
    const seed = await temporaryFile(
      JSON.stringify({
        'demo-cache': { text: 'as it is', ' ': 'under a space' },
        users: { 'user:1': { name: 'Ada' }, count: 3, nothing: null, flags: [true], ü: 'ñ' },
        empty: {},
      }),
    );
    const { ready, written } = await runReady([...FREE_PORTS, '--seed', seed]);
    expect(ready.caches).toEqual(['demo-cache', 'users', 'empty']);
    const client = cacheClientFor(ready);
    const values = async (cacheName: string, ...keys: string[]) =>
      Promise.all(keys.map(async (key) => valueOf(await client.get(cacheName, key))));
    expect(await values('demo-cache', 'text', ' ')).toEqual(['as it is', 'under a space']);
    expect(await values('users', 'user:1', 'count', 'nothing', 'flags', 'ü')).toEqual([
      '{"name":"Ada"}',
      '3',
      'null',
      '[true]',
      'ñ',
    ]);
    expect(await useCache(ready, 'empty')).toBe('value');
    await expect(useCache({ ...ready, apiKey: forged(ready.apiKey) }, 'users')).rejects.toThrow(/auth/i);
    expect(written.stderr).toBe('');
  });

  it('is in at once, however many items a second the documented limits allow', async () => {
    const items = Object.fromEntries(Array.from({ length: 1_050 }, (_, index) => [`key-${index}`, index]));
    const caches = { one: items, two: {}, three: {}, four: {} };
    const env = { MOMENTO_LOCAL_SEED: await temporaryFile(JSON.stringify(caches)) };
    const startedAt = performance.now();
    const { ready } = await runReady([...FREE_PORTS, '--limits', 'documented'], env);
    expect(performance.now() - startedAt).toBeLessThan(8_000);
    const client = cacheClientFor(ready);
    expect(valueOf(await client.get('one', 'key-0'))).toBe('0');
    expect(valueOf(await client.get('one', 'key-1049'))).toBe('1049');
    expect(await client.set('four', 'key', 'value')).toBeInstanceOf(CacheSet.Success);
  });

  it.each([
    ['no JSON', 'a: 1\nb: 2\n', /not JSON: .+/],
    ['a list', '[]', /it must hold \{ "cache": \{ "key": value, \.\.\. \}, \.\.\. \}/],
    ['items in no cache', '{"key":"value"}', /cache 'key' is no object of items/],
    ['a list of items', '{"a":{},"b":["value"]}', /cache 'b' is no object of items/],
    ['a key without a name', '{"a":{"good":1,"":2}}', /key '' of cache 'a': .*must not be empty/],
    ['a cache without a name', '{" ":{}}', /cache ' ': The cache name must not be empty/],
    [
      'an item that is too large',
      JSON.stringify({ a: { big: 'x'.repeat(11_000_000) } }),
      /key 'big' of cache 'a': /,
    ],
  ])('refuses %s in one line', async (_, content, reason) => {
    const file = await temporaryFile(content);
    const { exitCode, written } = run([...FREE_PORTS, '--seed', file]);
    expect(await exitCode).toBe(2);
    expect(written.stdout).toBe('');
    expect(written.stderr).toMatch(/^momento-local: cannot seed from [^\n]+\n$/);
    expect(written.stderr).toContain(file);
    expect(written.stderr).toMatch(reason);
  });

  it('refuses a file that cannot be read', async () => {
    const { exitCode, written } = run([...FREE_PORTS, '--seed', '/nowhere/seed.json']);
    expect(await exitCode).toBe(2);
    expect(written.stdout).toBe('');
    expect(written.stderr).toMatch(/^momento-local: cannot seed from \/nowhere\/seed.json: ENOENT[^\n]+\n$/);
  });
});
