import { describe, expect, it, vi } from 'vitest';
import { makeV1Key } from '../../../test/support/keys.js';
import { type Credential, toCredential } from '../fetched/credential.js';
import { type KeyCandidate, KeyCandidates } from './key-candidates.js';

const credential = (): Credential => toCredential({ content: makeV1Key() }, undefined, 'a test');

/** Takes candidates as a connection does, when the test says so. */
function takerOf(candidates: KeyCandidates) {
  const iterator = candidates[Symbol.asyncIterator]();
  return { next: async (): Promise<KeyCandidate | undefined> => (await iterator.next()).value ?? undefined };
}

describe('candidates for a new key', () => {
  it('are in use at once where nobody takes them', async () => {
    const accepted = vi.fn<() => void>();
    await new KeyCandidates().offer(credential(), accepted);
    expect(accepted).toHaveBeenCalledOnce();
  });

  it('come one at a time, in order, and are answered for', async () => {
    const candidates = new KeyCandidates();
    const taker = takerOf(candidates);
    const first = taker.next();
    const [one, other] = [credential(), credential()];
    const accepted = vi.fn<() => void>();
    const offered = candidates.offer(one, accepted);
    const candidate = await first;
    expect(candidate?.credential).toBe(one);
    expect(accepted).not.toHaveBeenCalled();
    candidate?.accept();
    expect(accepted).toHaveBeenCalledOnce();
    await offered;

    const second = taker.next();
    const refused = candidates.offer(other, accepted);
    (await second)?.refuse(new Error('not this one'));
    await expect(refused).rejects.toThrow('not this one');
    expect(accepted).toHaveBeenCalledOnce();
  });

  it('are refused at the end: one that waits, and one that is offered afterwards', async () => {
    const candidates = new KeyCandidates();
    const taker = takerOf(candidates);
    const first = taker.next();
    const taken = candidates.offer(credential(), () => undefined);
    (await first)?.accept();
    await taken;
    const waiting = candidates.offer(credential(), () => undefined);
    candidates.close(new Error('it is over'));
    await expect(waiting).rejects.toThrow('it is over');
    await expect(candidates.offer(credential(), () => undefined)).rejects.toThrow('it is over');
    expect(await taker.next()).toBeUndefined();
  });

  it('end for a taker that waits for the next one', async () => {
    const candidates = new KeyCandidates();
    const next = takerOf(candidates).next();
    candidates.close(new Error('it is over'));
    expect(await next).toBeUndefined();
  });
});
