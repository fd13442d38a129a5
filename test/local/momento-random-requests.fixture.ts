import * as fc from 'fast-check';

/** How a field is written, as the generated message itself does it. */
interface FieldDefinition {
  readonly kind: string;
  readonly number: number;
  readonly name: string;
}

interface MessageClass {
  readonly prototype: object;
}

const WRITES = /writer\.write(\w+)\((\d+), this\.(\w+)/g;
/** Deeper than any message of Momento. */
const MAX_DEPTH = 6;
const VARINT = 0;
const FIXED_64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** Keys and names from a few, so that requests meet each other's items. */
const anyBytes = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b', 'c').map((text) => Buffer.from(text)) },
  fc.uint8Array({ maxLength: 8 }).map((bytes) => Buffer.from(bytes)),
);
const anyText = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'b') },
  fc.string({ maxLength: 8, unit: 'binary' }),
);
const anyInteger = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(0n, 1n, 2n, -1n, 1_000n) },
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
);
const anyFloat = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(0, 1, -1.5) }, fc.double());

/** The value of a field of each kind that is no message, with its wire type. */
const VALUES: Readonly<Record<string, readonly [wireType: number, value: fc.Arbitrary<Buffer>]>> = {
  Bool: [VARINT, fc.boolean().map((value) => varint(value ? 1n : 0n))],
  Enum: [VARINT, fc.nat({ max: 5 }).map((value) => varint(BigInt(value)))],
  Int64: [VARINT, anyInteger.map(varint)],
  Uint64: [VARINT, anyInteger.map(varint)],
  Uint32: [VARINT, anyInteger.map((value) => varint(BigInt.asUintN(32, value)))],
  Sint32: [VARINT, anyInteger.map((value) => varint(BigInt.asUintN(32, value)))],
  Double: [FIXED_64, anyFloat.map(doubleBytes)],
  Float: [FIXED_32, anyFloat.map(floatBytes)],
  Bytes: [LENGTH_DELIMITED, anyBytes.map(withLength)],
  RepeatedBytes: [LENGTH_DELIMITED, anyBytes.map(withLength)],
  String: [LENGTH_DELIMITED, anyText.map((text) => withLength(Buffer.from(text)))],
  PackedUint32: [
    LENGTH_DELIMITED,
    fc.array(fc.nat({ max: 9 }), { maxLength: 4 }).map((values) => withLength(Buffer.from(values))),
  ],
};

/** The bytes of well-formed messages of this class: its fields as it defines them, each absent or there with any value. */
export function anyMessageOf(deserialize: (bytes: Buffer) => object, depth = 0): fc.Arbitrary<Buffer> {
  const { prototype }: MessageClass = Object(deserialize(Buffer.alloc(0)).constructor);
  const fields = definitionsOf(prototype).map((field) => anyField(field, deserialize, depth));
  return fc.tuple(...fields).map((parts) => Buffer.concat(parts));
}

/** Read from the message's own code: the package has no other description of its messages. */
function definitionsOf(prototype: object): FieldDefinition[] {
  const source = String(Reflect.get(prototype, 'serialize'));
  return Array.from(source.matchAll(WRITES), ([, kind = '', number, name = '']) => ({
    kind,
    number: Number(number),
    name,
  }));
}

function anyField(
  field: FieldDefinition,
  deserializeParent: (bytes: Buffer) => object,
  depth: number,
): fc.Arbitrary<Buffer> {
  const [wireType, value] = VALUES[field.kind] ?? [
    LENGTH_DELIMITED,
    anyNested(field, deserializeParent, depth),
  ];
  const maxLength = field.kind.startsWith('Repeated') ? 3 : 1;
  const tag = varint(BigInt(field.number * 8 + wireType));
  return fc
    .array(value, { maxLength })
    .map((values) => Buffer.concat(values.flatMap((bytes) => [tag, bytes])));
}

/** A message inside another, whose class shows when an empty one is read. */
function anyNested(
  { number, name }: FieldDefinition,
  deserializeParent: (bytes: Buffer) => object,
  depth: number,
): fc.Arbitrary<Buffer> {
  if (depth >= MAX_DEPTH) {
    return fc.constant(withLength(Buffer.alloc(0)));
  }
  const empty = Buffer.from([...varint(BigInt(number * 8 + LENGTH_DELIMITED)), 0]);
  const read: unknown = Reflect.get(deserializeParent(empty), name);
  const nested = Object(Array.isArray(read) ? read[0] : read);
  const deserialize = (bytes: Buffer): object =>
    Reflect.apply(nested.constructor.deserialize, nested.constructor, [bytes]);
  return anyMessageOf(deserialize, depth + 1).map(withLength);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  do {
    const low = Number(rest & 0x7fn);
    rest >>= 7n;
    bytes.push(rest === 0n ? low : low | 0x80);
  } while (rest !== 0n);
  return Buffer.from(bytes);
}

function withLength(bytes: Buffer): Buffer {
  return Buffer.concat([varint(BigInt(bytes.byteLength)), bytes]);
}

function doubleBytes(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

function floatBytes(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
}
