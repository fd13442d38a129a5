import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOf } from './key-hash.js';
import { maxHashes, readMessage, writeMessage } from './message.js';

const sender = 'sender 1';

describe('a message between near caches', () => {
  it('comes back as it was written, and fits into 4 KB', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: maxHashes }), (keys) => {
        const message = writeMessage({ sender, hashes: keys.map(hashOf) });
        expect(readMessage(message)).toEqual({ sender, hashes: keys.map(hashOf) });
        expect(message.length).toBeLessThanOrEqual(4_096);
      }),
    );
  });

  it('has these bytes, which docs/format.md describes and later versions must read', () => {
    const message = writeMessage({ sender, hashes: ['user:1', 'user:2'].map(hashOf) });
    expect(Buffer.from(message).toString('hex')).toBe('0173656e6465722031abc3a47b8ad18b850195616cec890a4d');
    const page = readFileSync(new URL('../../../../docs/format.md', import.meta.url), 'utf8');
    const [, example = ''] = /^```hex message\n([^`]*)^```$/m.exec(page) ?? [];
    expect(example.replaceAll(/#.*$|\s/gm, '')).toBe(Buffer.from(message).toString('hex'));
    expect(Buffer.from(writeMessage({ sender, hashes: [] })).toString('hex')).toBe('0173656e6465722031');
  });

  it('is read wherever it lies, and whatever it is', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.nat(9), (bytes, offset) => {
        const view = Uint8Array.from([...Buffer.alloc(offset), ...bytes]).subarray(offset);
        const message = readMessage(view);
        const again = message === undefined ? bytes : writeMessage(message);
        expect([...again]).toEqual([...bytes]);
      }),
    );
  });

  it.each([
    ['nothing', []],
    ['another version', [2, ...new Uint8Array(8)]],
    ['no sender', [1, 1, 2, 3]],
    ['half a hash', [1, ...new Uint8Array(12)]],
  ])('is nothing when there is %s', (_what, bytes) => {
    expect(readMessage(Uint8Array.from(bytes))).toBeUndefined();
  });
});
