export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Big endian. */
export function uint32(number: number): Uint8Array {
  const bytes = new Uint8Array(4);
  viewOf(bytes).setUint32(0, number);
  return bytes;
}

/** Big endian, one after the other. */
export function float64s(...numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(8 * numbers.length);
  const view = viewOf(bytes);
  for (const [index, number] of numbers.entries()) view.setFloat64(8 * index, number);
  return bytes;
}

/** The bytes can be a part of a larger buffer. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
