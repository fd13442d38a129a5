import { describe, expect, it } from 'vitest';
import { ApiKeys } from './api-keys.js';

describe('ApiKeys', () => {
  it('forgets expired keys when there are many, and still refuses them where no key is needed', () => {
    let nowMs = 0;
    const keys = new ApiKeys(() => nowMs);
    const generate = (validForSeconds: number) =>
      keys.generate('', { permissions: 'super-user', validForSeconds });
    const isAccepted = (token: string) => {
      try {
        keys.authorize(keys.find(token), () => []);
        return true;
      } catch {
        return false;
      }
    };
    const [old, lasting] = [generate(1), generate(1_000)];
    for (let index = 0; index < 9_998; index += 1) {
      generate(1);
    }
    expect(isAccepted(old.token)).toBe(true);
    nowMs = 1_000;
    expect([keys.heldCount, keys.find(old.token)?.id]).toEqual([10_000, 'key-1']);

    const fresh = generate(1);

    expect([keys.heldCount, keys.find(old.token)?.id]).toEqual([2, 'key-expired']);
    expect([old, lasting, fresh].map(({ token }) => isAccepted(token))).toEqual([false, true, true]);
    expect(keys.find(fresh.token)?.id).toBe('key-10001');
    expect(() => keys.refresh(old.token, old.refreshToken)).toThrow('not valid');
    expect(['', 'no.token.at all', 'a.b.c'].map(isAccepted)).toEqual([true, true, true]);
  });
});
