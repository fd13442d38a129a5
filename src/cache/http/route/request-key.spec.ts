import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CachedRequest } from './http-cache.options.js';
import { askedBy, variantKey } from './request-key.js';

const request = (url: string, more: Partial<CachedRequest> = {}): CachedRequest => ({
  method: 'GET',
  url,
  protocol: 'http',
  hostname: 'a.example',
  headers: { host: 'a.example' },
  ...more,
});
const keyOf = (...args: Parameters<typeof request>) => askedBy(request(...args), {}, 'Pages.find')?.key;

describe('the key of a request', () => {
  it('does not depend on the order of parameters, but for those of one name', () => {
    const pairs = fc.uniqueArray(
      fc.tuple(fc.stringMatching(/^[a-z%]{1,3}$/), fc.stringMatching(/^[a-z%=+]{0,3}$/)),
      {
        selector: ([name]) => name,
      },
    );
    fc.assert(
      fc.property(pairs, fc.infiniteStream(fc.nat()), (all, random) => {
        const texts = all.map(([name, value]) => `${name}=${value}`);
        const shuffled = texts
          .map((text) => ({ text, at: random.next().value }))
          .toSorted((a, b) => a.at - b.at);
        expect(keyOf(`/x?${shuffled.map(({ text }) => text).join('&')}`)).toBe(
          keyOf(`/x?${texts.join('&')}`),
        );
      }),
    );
    expect(keyOf('/x?a=1&a=2')).not.toBe(keyOf('/x?a=2&a=1'));
  });

  it.each([
    ['/x&b&a', '/x&a&b'],
    ['/x?a=%ff&b', '/x?a=%fe&b'],
    ['/x?a=1&b', '/x?a=1&b='],
    ['/x?a', '/x'],
    ['/x?a?b&c', '/x?c&a'],
    [`/${'x'.repeat(400)}1`, `/${'x'.repeat(400)}2`],
  ])('differs for %s and %s', (one, other) => {
    expect(keyOf(one)).not.toBe(keyOf(other));
  });

  it.each([
    { headers: { host: 'b.example' } },
    { headers: { host: 'a.example:81' } },
    { hostname: 'b.example' },
    { protocol: 'https' },
    { method: 'HEAD' },
    { originalUrl: '/mounted/x' },
  ])('differs for another %o', (more) => {
    expect(keyOf('/x', more)).not.toBe(keyOf('/x'));
  });

  it('is one of its kind, whatever a request brings', () => {
    const own = (key: string) => askedBy(request('/x'), { key }, 'Pages.find')?.key;
    const audience = (name: string) =>
      askedBy(request('/x'), { key: 'own', varyBy: () => name }, 'Pages.find')?.key;
    const vary = variantKey(own('own') ?? '', ['accept'], request('/x', { headers: { accept: 'a' } }));
    const keys = [
      own('own'),
      audience('a'),
      audience('b'),
      vary,
      keyOf('/x'),
      keyOf('key:own'),
      keyOf('vary:own'),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    for (const key of keys) expect(own(key ?? '')).not.toBe(key);
  });

  it('differs for another route of the same path, as of another version', () => {
    expect(askedBy(request('/x'), {}, 'Pages.find.2')?.key).not.toBe(keyOf('/x'));
  });

  it.each([{ 'content-length': '3' }, { 'transfer-encoding': 'chunked' }])(
    'is none with a body: %o',
    (headers) => {
      expect(keyOf('/x', { headers: { host: 'a.example', ...headers } })).toBeUndefined();
      expect(keyOf('/x', { headers: { host: 'a.example', 'content-length': '0' } })).toBe(keyOf('/x'));
    },
  );

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'QUERY', 'get'])('is none for %s', (method) => {
    expect(keyOf('/x', { method })).toBeUndefined();
  });
});
