import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  readEntry,
  type StoredEntry,
  type Windows,
  writeLease,
  writeMarker,
  writeNotFound,
  writeValue,
} from './envelope.js';

const fromHex = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const fromText = (text: string) => new TextEncoder().encode(text);

const random = fromHex('00112233445566778899aabbccddeeff');
const otherRandom = fromHex('f0e1d2c3b4a5968778695a4b3c2d1e0f');
const json = fromText('{"id":7}');

const tagged: Windows = {
  createdAtMs: 1_700_000_000_000,
  freshUntilMs: 1_700_000_060_000,
  staleUntilMs: 1_700_000_660_000,
  usableUntilMs: 1_700_004_260_000,
  loadMs: 120,
  tags: [
    { tag: 'users', nonce: random },
    { tag: 'org:ä', nonce: otherRandom },
  ],
};
const minute: Windows = {
  createdAtMs: 1_700_000_000_000,
  freshUntilMs: 1_700_000_060_000,
  staleUntilMs: 1_700_000_060_000,
  usableUntilMs: 1_700_000_060_000,
  loadMs: 0,
  tags: [],
};
const forEver: Windows = {
  createdAtMs: undefined,
  freshUntilMs: Infinity,
  staleUntilMs: Infinity,
  usableUntilMs: Infinity,
  loadMs: 0,
  tags: [],
};

interface Golden {
  readonly name: string;
  readonly hex: string;
  readonly entry: StoredEntry;
}

/** Caches hold such bytes: what stands here is only added to. In the order of docs/format.md. */
const golden: readonly (Golden & { readonly write: () => Uint8Array })[] = [
  {
    name: 'a value with windows and tags',
    hex: '000100000060014278bcfe568000004278bcfe652600004278bcfef7a200004278bd02668a0000405e0000000000000000000200000005757365727300112233445566778899aabbccddeeff000000066f72673ac3a4f0e1d2c3b4a5968778695a4b3c2d1e0f7b226964223a377d',
    entry: { kind: 'value', payload: json, ...tagged },
    write: () => writeValue(json, tagged),
  },
  {
    name: 'bytes that begin with 0x00',
    hex: '00010000002d017ff80000000000007ff00000000000007ff00000000000007ff00000000000000000000000000000000000000001',
    entry: { kind: 'value', payload: Uint8Array.of(0, 1), ...forEver },
    write: () => writeValue(Uint8Array.of(0, 1), forEver),
  },
  {
    name: 'not found',
    hex: '00010000002d024278bcfe568000004278bcfe652600004278bcfe652600004278bcfe65260000000000000000000000000000',
    entry: { kind: 'not-found', ...minute },
    write: () => writeNotFound(minute),
  },
  {
    name: 'a lease where nothing was',
    hex: '0001000000120300112233445566778899aabbccddeeff00',
    entry: { kind: 'lease', token: random, former: undefined },
    write: () => writeLease(random),
  },
  {
    name: 'a lease in place of a value',
    hex: '0001000000120300112233445566778899aabbccddeeff017b226964223a377d',
    entry: { kind: 'lease', token: random, former: json },
    write: () => writeLease(random, json),
  },
  {
    name: 'a marker',
    hex: '0001000000190400112233445566778899aabbccddeeff4278bcfe56800000',
    entry: { kind: 'marker', nonce: random, createdAtMs: 1_700_000_000_000 },
    write: () => writeMarker(random, 1_700_000_000_000),
  },
];

/** What a later version of the library may write: fields of three bytes, unknown here, at the end of each header. */
const ofLaterWriters: readonly Golden[] = [
  {
    name: 'a value',
    hex: '000100000049014278bcfe568000004278bcfe652600004278bcfe652600004278bcfe6526000000000000000000000000000100000005757365727300112233445566778899aabbccddeeffaabbcc37',
    entry: { kind: 'value', payload: fromText('7'), ...minute, tags: [{ tag: 'users', nonce: random }] },
  },
  {
    name: 'not found',
    hex: '000100000030024278bcfe568000004278bcfe652600004278bcfe652600004278bcfe65260000000000000000000000000000aabbcc',
    entry: { kind: 'not-found', ...minute },
  },
  {
    name: 'a lease',
    hex: '0001000000150300112233445566778899aabbccddeeff01aabbcc37',
    entry: { kind: 'lease', token: random, former: fromText('7') },
  },
  {
    name: 'a marker',
    hex: '00010000001c0400112233445566778899aabbccddeeff4278bcfe56800000aabbcc',
    entry: { kind: 'marker', nonce: random, createdAtMs: 1_700_000_000_000 },
  },
];

describe('the stored format', () => {
  it.each(golden)('reads $name', ({ hex, entry }) => {
    expect(readEntry(fromHex(hex))).toEqual(entry);
  });

  it.each(golden)('writes $name', ({ hex, write }) => {
    expect(toHex(write())).toBe(hex);
  });

  it.each(ofLaterWriters)('reads $name with fields that it does not know', ({ hex, entry }) => {
    expect(readEntry(fromHex(hex))).toEqual(entry);
  });

  it.each([
    ['JSON', '7b226964223a377d'],
    ['one byte', '01'],
    ['nothing at all', ''],
  ])('reads %s as a plain value', (_name, hex) => {
    const stored = fromHex(hex);
    expect(readEntry(stored)).toEqual({ kind: 'value', payload: stored, ...forEver });
  });

  it.each([
    ['a version to come', '00020000000103'],
    ['version 0', '00000000000103'],
    ['a kind to come', '0001000000120500112233445566778899aabbccddeeff00'],
    ['kind 0', '0001000000120000112233445566778899aabbccddeeff00'],
    ['no kind, and a payload that looks like one', '0001000000000300112233445566778899aabbccddeeff00'],
  ])('cannot read %s', (_name, hex) => {
    expect(readEntry(fromHex(hex))).toEqual({ kind: 'unreadable' });
  });

  it('is written down with these bytes as examples', () => {
    const page = readFileSync(new URL('../../../docs/format.md', import.meta.url), 'utf8');
    const examples = Array.from(page.matchAll(/^```hex\n([^`]*)^```$/gm), ([, block = '']) =>
      block.replaceAll(/#.*$|\s/gm, ''),
    );
    expect(examples).toEqual(golden.map(({ hex }) => hex));
  });
});
