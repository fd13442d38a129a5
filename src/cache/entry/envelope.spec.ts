import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isEnvelope,
  readEntry,
  type StoredEntry,
  type Windows,
  writeLease,
  writeMarker,
  writeNotFound,
  writeValue,
} from './envelope.js';

const random = fc.uint8Array({ minLength: 16, maxLength: 16 });
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.uint8Array({ maxLength: 9 }).map((bytes) => Uint8Array.of(0, ...bytes)),
);
const time = fc.oneof(fc.date({ noInvalidDate: true }).map(Number), fc.double({ noNaN: true }));
const tag = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '\uFEFF', '\uFEFFa', '\0', '\u{1F600}', 'é'.repeat(70_000)),
);
const windows: fc.Arbitrary<Windows> = fc.record({
  createdAtMs: fc.option(time, { nil: undefined }),
  freshUntilMs: time,
  staleUntilMs: time,
  usableUntilMs: time,
  loadMs: fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
  tags: fc.array(fc.record({ tag, nonce: random }), { maxLength: 5 }),
});

/** What is read, and the bytes that it is written as. */
interface Pair {
  readonly entry: StoredEntry;
  readonly stored: Uint8Array;
}
const values = fc.tuple(payload, windows).map(([bytes, ends]): Pair => ({
  entry: { kind: 'value', payload: bytes, ...ends },
  stored: writeValue(bytes, ends),
}));
const pairs = fc.oneof(
  values,
  windows.map((ends): Pair => ({ entry: { kind: 'not-found', ...ends }, stored: writeNotFound(ends) })),
  fc
    .tuple(
      random,
      fc.option(
        fc.oneof(
          payload,
          values.map(({ stored }) => stored),
        ),
        { nil: undefined },
      ),
    )
    .map(([token, former]): Pair => ({
      entry: { kind: 'lease', token, former },
      stored: writeLease(token, former),
    })),
  fc.tuple(random, time).map(([nonce, createdAtMs]): Pair => ({
    entry: { kind: 'marker', nonce, createdAtMs },
    stored: writeMarker(nonce, createdAtMs),
  })),
);

const unreadable = { kind: 'unreadable' };
const headerEnd = (stored: Uint8Array) => 6 + new DataView(stored.buffer).getUint32(2);
/** What a number of the first bytes is read as. */
function beginning({ entry, stored }: Pair, length: number): StoredEntry {
  if (length === 0) return readEntry(new Uint8Array(0));
  if (length < headerEnd(stored)) return { kind: 'unreadable' };
  const rest = stored.subarray(headerEnd(stored), length);
  if (entry.kind === 'value') return { ...entry, payload: rest };
  return entry.kind === 'lease' && entry.former ? { ...entry, former: rest } : entry;
}

const ends: Windows = {
  createdAtMs: 1,
  freshUntilMs: 2,
  staleUntilMs: 3,
  usableUntilMs: 4,
  loadMs: 5,
  tags: [],
};

describe('an envelope', () => {
  it('is read as what was written, for every kind', () => {
    fc.assert(
      fc.property(pairs, ({ entry, stored }) => {
        expect(isEnvelope(stored)).toBe(true);
        expect(readEntry(stored)).toEqual(entry);
      }),
    );
  });

  it('is read wherever it lies in a larger buffer, and from a Buffer', () => {
    fc.assert(
      fc.property(pairs, fc.nat(9), fc.nat(9), ({ entry, stored }, before, after) => {
        const buffer = Buffer.alloc(before + stored.length + after, 0xff);
        buffer.set(stored, before);
        const view = new Uint8Array(buffer.buffer, buffer.byteOffset + before, stored.length);
        expect(readEntry(view)).toEqual(entry);
        expect(readEntry(buffer.subarray(before, before + stored.length)).kind).toBe(entry.kind);
      }),
    );
  });

  it('keeps a thousand tags', () => {
    const tags = Array.from({ length: 1000 }, (_, index) => ({
      tag: `tag:${index}`,
      nonce: new Uint8Array(16).fill(index),
    }));
    expect(readEntry(writeNotFound({ ...ends, tags }))).toEqual({ kind: 'not-found', ...ends, tags });
  });

  it('writes half a surrogate pair in a tag as Momento does in keys', () => {
    const nonce = new Uint8Array(16);
    const stored = writeNotFound({ ...ends, tags: [{ tag: 'a\uD800b', nonce }] });
    expect(readEntry(stored)).toMatchObject({ tags: [{ tag: 'a\uFFFDb', nonce }] });
  });

  it('gives payloads as views on what is stored, and nonces and tokens as copies', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const nonce = new Uint8Array(16);
    const value = writeValue(bytes, { ...ends, tags: [{ tag: 'a', nonce }] });
    const lease = writeLease(nonce, bytes);
    const [first, second, third] = [value, lease, writeMarker(nonce, 0)].map(readEntry);
    expect(first).toHaveProperty('payload.buffer', value.buffer);
    expect(second).toHaveProperty('former.buffer', lease.buffer);
    expect(first).toHaveProperty('tags.0.nonce.buffer.byteLength', 16);
    expect(second).toHaveProperty('token.buffer.byteLength', 16);
    expect(third).toHaveProperty('nonce.buffer.byteLength', 16);
  });
});

describe('a plain value', () => {
  it('is everything that does not begin with 0x00, as it is', () => {
    const plain = fc.uint8Array().filter((bytes) => bytes[0] !== 0);
    fc.assert(
      fc.property(plain, (stored) => {
        expect(isEnvelope(stored)).toBe(false);
        const entry = readEntry(stored);
        expect(entry).toMatchObject({ kind: 'value', createdAtMs: undefined, usableUntilMs: Infinity });
        expect(entry.kind === 'value' && entry.payload).toBe(stored);
      }),
    );
  });
});

describe('bytes that nobody of us wrote', () => {
  it('are read without an error', () => {
    fc.assert(fc.property(fc.uint8Array(), (stored) => void readEntry(stored)));
    const withFreeHeader = fc.tuple(fc.nat(80), fc.nat(5), fc.uint8Array({ maxLength: 80 }));
    fc.assert(
      fc.property(withFreeHeader, ([length, kind, rest]) => {
        readEntry(Uint8Array.of(0, 1, 0, 0, 0, length, kind, ...rest));
      }),
    );
  });

  it('are read without an error when bytes of an envelope were changed', () => {
    const changes = fc.array(fc.tuple(fc.nat(200), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(pairs, changes, ({ stored }, bytes) => {
        for (const [at, byte] of bytes) stored[at % stored.length] = byte;
        readEntry(stored);
      }),
    );
  });

  it('are unreadable when the header was cut, and a shorter payload when only the payload was', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(pairs, share, (pair, part) => {
        const end = headerEnd(pair.stored);
        for (const length of [Math.ceil(end * part), end - 1, end, Math.floor(pair.stored.length * part)])
          expect(readEntry(pair.stored.subarray(0, length))).toEqual(beginning(pair, length));
      }),
    );
  });

  it('are unreadable when the header says that it is shorter than its fields', () => {
    fc.assert(
      fc.property(pairs, fc.double({ min: 0, max: 1, noNaN: true }), ({ stored }, share) => {
        const length = Math.floor((headerEnd(stored) - 7) * share);
        new DataView(stored.buffer).setUint32(2, length);
        expect(readEntry(stored)).toEqual(unreadable);
      }),
    );
  });

  it('are unreadable with any other version', () => {
    const others = fc.nat(255).filter((version) => version !== 1);
    fc.assert(
      fc.property(pairs, others, ({ stored }, version) => {
        stored[1] = version;
        expect(readEntry(stored)).toEqual(unreadable);
      }),
    );
  });

  it.each([
    ['a header', 2],
    ['a count of tags', 6 + 41],
    ['a name', 6 + 45],
  ])('are unreadable when %s is longer than what is there', (_name, at) => {
    const stored = writeNotFound({ ...ends, tags: [{ tag: 'a', nonce: new Uint8Array(16) }] });
    const view = new DataView(stored.buffer);
    const length = view.getUint32(at);
    for (const wrong of [length + 1, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff]) {
      view.setUint32(at, wrong);
      expect(readEntry(stored)).toEqual(unreadable);
    }
    view.setUint32(at, length);
    expect(readEntry(stored)).not.toEqual(unreadable);
  });

  it.each(['freshUntilMs', 'staleUntilMs', 'usableUntilMs', 'loadMs'] as const)(
    'are unreadable when %s is no number',
    (name) => {
      expect(readEntry(writeNotFound({ ...ends, [name]: Number.NaN }))).toEqual(unreadable);
    },
  );

  it('are unreadable when the load took no finite time, or the marker was written at no time', () => {
    for (const loadMs of [-1, Infinity, -Infinity])
      expect(readEntry(writeNotFound({ ...ends, loadMs }))).toEqual(unreadable);
    expect(readEntry(writeMarker(new Uint8Array(16), Number.NaN))).toEqual(unreadable);
  });
});
