/**
 * A message in its envelope is a line of JSON and then the message as it is: no JSON text has two values, so none is taken for it, and a
 * text or bytes that begin so are put into one of their own. It is a text when the message is one.
 *
 *     {"nestjs-momento/context":1,"traceparent":"00-…-01"}
 *     {"id":7}
 */
const beginning = '{"nestjs-momento/context":1';
const beginningBytes = Buffer.from(beginning);
const newline = 0x0a;
/** Of the first line, in characters. */
const longestHeader = 2_048;
const longestField = 512;
const mostFields = 8;
/** Is not for everyone who may listen, nor from everyone who may publish: it goes on to whatever a handler calls. */
const notCarried = 'baggage';

type Sent = string | Uint8Array;
/** Of a trace, as a propagator writes and reads it. */
export type Carrier = Readonly<Record<string, string>>;

/** @returns the message as it is where it is longer than `maxBytes` in its envelope, and cannot be taken for one */
export function enclose(message: Sent, carrier: Carrier, maxBytes: number): Sent {
  const header = headerOf(carrier);
  const enclosed = wrap(message, header);
  if (lengthOf(enclosed) <= maxBytes) return enclosed;
  // What looks like an envelope would be taken out of it: to be too long is an error of its sender, and seen.
  return beginsLikeEnvelope(message) ? wrap(message, headerOf({})) : message;
}

/** Never throws, whatever it is given. @returns undefined: it has no envelope */
export function disclose(sent: Sent): { readonly message: Sent; readonly carrier: Carrier } | undefined {
  if (!beginsLikeEnvelope(sent)) return undefined;
  const end = typeof sent === 'string' ? sent.indexOf('\n') : sent.indexOf(newline);
  if (end === -1 || end > longestHeader) return undefined;
  const header =
    typeof sent === 'string' ? sent.slice(0, end) : Buffer.from(sent.subarray(0, end)).toString();
  const carrier = carrierIn(header);
  const message = typeof sent === 'string' ? sent.slice(end + 1) : sent.subarray(end + 1);
  return carrier && { message, carrier };
}

function headerOf(carrier: Carrier): string {
  return `${JSON.stringify({ 'nestjs-momento/context': 1, ...fieldsIn(carrier) })}\n`;
}

function carrierIn(header: string): Carrier | undefined {
  try {
    const parsed: unknown = JSON.parse(header);
    return typeof parsed === 'object' && parsed !== null ? fieldsIn(parsed) : undefined;
  } catch {
    return undefined;
  }
}

function fieldsIn(carrier: object): Carrier {
  const fields = Object.entries(carrier).filter(
    (field): field is [string, string] =>
      typeof field[1] === 'string' &&
      field[0] !== '__proto__' &&
      field[0].toLowerCase() !== notCarried &&
      field[0].length <= longestField &&
      field[1].length <= longestField,
  );
  return Object.fromEntries(fields.slice(0, mostFields));
}

function wrap(message: Sent, header: string): Sent {
  return typeof message === 'string' ? header + message : Buffer.concat([Buffer.from(header), message]);
}

function beginsLikeEnvelope(sent: Sent): boolean {
  if (typeof sent === 'string') return sent.startsWith(beginning);
  return beginningBytes.equals(sent.subarray(0, beginningBytes.length));
}

function lengthOf(message: Sent): number {
  return typeof message === 'string' ? Buffer.byteLength(message) : message.length;
}
