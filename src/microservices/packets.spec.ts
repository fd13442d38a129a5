import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerIdOf, answerIn, clientIn, newName, PacketTopics, requestIdOf } from './packets.js';

describe('names and ids', () => {
  const nameOf = (pattern: unknown) => new PacketTopics('p/', undefined).of(pattern).name;

  it('give each pattern a topic of its own, that Momento can have', () => {
    const patterns = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string(),
      fc.constantFrom('', '#', 'answers/x', 'a'),
    );
    fc.assert(
      fc.property(patterns, patterns, (one, other) => {
        expect(nameOf(one) === nameOf(other)).toBe(one === other);
        // Throws for halves of characters.
        expect(encodeURIComponent(nameOf(one))).not.toBe('');
        expect(Buffer.byteLength(nameOf(one))).toBeLessThanOrEqual(2 + 512);
        expect(nameOf(one).startsWith('p/answers/')).toBe(false);
      }),
    );
    expect(nameOf('x'.repeat(512))).toBe(`p/${'x'.repeat(512)}`);
    expect(nameOf('x'.repeat(513))).toMatch(/^p\/#[\da-f]{64}$/);
  });

  it('take whatever Nest makes of a pattern that is no text', () => {
    for (const pattern of [null, undefined, true, 7n, Symbol('s'), () => 1])
      expect(nameOf(pattern).length).toBeGreaterThan(2);
  });

  it('say whose a request is, and which instance answers; of what strangers send they say nothing', () => {
    const [client, server] = [newName(), newName()];
    const id = requestIdOf(client, 7);
    expect(clientIn(id)).toBe(client);
    expect(answerIn(answerIdOf(id, server))).toEqual({ requestId: id, server });
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.string({ unit: 'binary' })), (strange) => {
        expect([clientIn(strange), answerIn(strange)]).toEqual([undefined, undefined]);
      }),
    );
  });
});
