import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { disclose, enclose } from './envelope.js';

const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', tracestate: 'a=b' };
const plenty = Number.POSITIVE_INFINITY;
const begin = '{"nestjs-momento/context":1';
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.json(),
  fc.string().map((rest) => `${begin}${rest}`),
  fc.string().map((rest) => `${begin}}\n${rest}`),
);
const bytes = fc.oneof(
  fc.uint8Array(),
  text.map((one) => new TextEncoder().encode(one)),
);

describe('an envelope', () => {
  it('is a line of JSON and the message as it is', () => {
    expect(enclose('{"id":7}', trace, plenty)).toBe(
      `{"nestjs-momento/context":1,"traceparent":"${trace.traceparent}","tracestate":"a=b"}\n{"id":7}`,
    );
  });

  it('gives back what was put into it, text for text and byte for byte', () => {
    fc.assert(
      fc.property(fc.oneof(text, bytes), (message) => {
        const disclosed = disclose(enclose(message, trace, plenty));
        expect(disclosed?.carrier).toEqual(trace);
        expect(typeof disclosed?.message).toBe(typeof message);
        expect(Buffer.from(disclosed?.message ?? [])).toEqual(Buffer.from(message as string));
      }),
    );
  });

  it('is left out where it would be too long, and never where its message would be taken for one', () => {
    fc.assert(
      fc.property(text, fc.nat(300), (message, maxBytes) => {
        const sent = enclose(message, trace, maxBytes);
        expect(disclose(sent)?.message ?? sent).toBe(message);
        const limit = message.startsWith(begin) ? plenty : Math.max(maxBytes, Buffer.byteLength(message));
        expect(Buffer.byteLength(sent)).toBeLessThanOrEqual(limit);
      }),
    );
  });

  it('is in no JSON: no value of jsonCodec is taken for one', () => {
    fc.assert(fc.property(fc.json(), (json) => disclose(json) === undefined));
    expect(disclose(JSON.stringify({ 'nestjs-momento/context': 1, traceparent: 'x' }))).toBeUndefined();
  });

  it('carries no baggage, nothing long, not much, and nothing but text', () => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`x${index}`, 'y']));
    const sent = enclose('m', { ...trace, baggage: 'user=7', Baggage: 'x', long: 'z'.repeat(600) }, plenty);
    expect(disclose(sent)?.carrier).toEqual(trace);
    expect(Object.keys(disclose(enclose('m', many, plenty))?.carrier ?? {})).toHaveLength(8);
    const hostile = `${begin},"baggage":"a","n":7,"o":{},"__proto__":"p","traceparent":"t"}\nm`;
    expect(disclose(hostile)?.carrier).toEqual({ traceparent: 't' });
  });

  it('that somebody made up never throws', () => {
    fc.assert(
      fc.property(fc.string(), fc.boolean(), (rest, isText) => {
        const sent = begin + rest;
        disclose(isText ? sent : new TextEncoder().encode(sent));
      }),
    );
  });
});
