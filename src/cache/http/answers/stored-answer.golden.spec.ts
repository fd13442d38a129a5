import { describe, expect, it } from 'vitest';
import { answerCodec, StoredAnswer } from './stored-answer.js';

/** As docs/format.md has them: what was stored by this version is read by later ones. */
const answer =
  '01 00000074' +
  Buffer.from(
    '{"statusCode":200,"headers":{"content-type":"text/plain","etag":"\\"e\\""},"sentAtMs":1700000000000,"freshSeconds":60}',
  ).toString('hex') +
  'c3a4 00 ff';
const list =
  '01 00000033' + Buffer.from('{"variesBy":["accept-language"],"freshSeconds":660}').toString('hex');
const bytesOf = (hex: string) => Buffer.from(hex.replaceAll(' ', ''), 'hex');

function withHead(value: object): string {
  const text = Buffer.from(JSON.stringify(value));
  return `01 000000${text.length.toString(16).padStart(2, '0')}${text.toString('hex')}`;
}

const parts = {
  statusCode: 200,
  headers: { 'content-type': 'text/plain', etag: '"e"' },
  sentAtMs: 1_700_000_000_000,
  freshSeconds: 60,
  body: bytesOf('c3a400ff'),
};
const variants = { variesBy: ['accept-language'], freshSeconds: 660 };

describe('answers as they are stored', () => {
  it('are these bytes', () => {
    expect(Buffer.from(answerCodec.encode(new StoredAnswer(parts))).toString('hex')).toBe(
      bytesOf(answer).toString('hex'),
    );
    expect(Buffer.from(answerCodec.encode(variants)).toString('hex')).toBe(bytesOf(list).toString('hex'));
  });

  it('are read again, the body as it was', () => {
    const read = answerCodec.decode(bytesOf(answer)) as StoredAnswer;
    expect(read).toBeInstanceOf(StoredAnswer);
    const { body, ...head } = parts;
    expect(read).toMatchObject(head);
    expect(Buffer.from(read.body)).toEqual(body);
    expect(answerCodec.decode(bytesOf(list))).toEqual(variants);
  });

  it.each([
    ['another version', '02 00000002 7b7d'],
    ['nothing', ''],
    ['a head that is no JSON', '01 00000001 7b'],
    ['a length beyond the end', '01 ffffffff 7b7d'],
    ['no status', withHead({ headers: {} })],
    ['no headers', withHead({ statusCode: 200 })],
    ['a header that breaks the line', withHead({ statusCode: 200, headers: { a: 'b\r\nc: d' } })],
    ['a name that is none', withHead({ statusCode: 200, headers: { 'a b': 'c' } })],
  ])('%s is refused', (_what, hex) => {
    expect(() => answerCodec.decode(bytesOf(hex))).toThrow(Error);
  });
});
