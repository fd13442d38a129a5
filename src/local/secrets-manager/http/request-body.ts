import type { IncomingMessage } from 'node:http';

/** A secret has at most 64 KiB, a third more as base64; the rest is generous. */
export const MAX_BODY_BYTES = 1_048_576;

/** Up to here a body that is too large is read to its end, so that whoever sends it gets to read the answer. */
const MAX_READ_BYTES = 11 * 1_048_576;

/** `too-large`: read to its end, and thrown away. `refused`: there is more than anybody should send, and it is not read. */
export type RequestBody = { readonly text: string } | 'too-large' | 'refused';

export async function readBody(request: IncomingMessage): Promise<RequestBody> {
  if (Number(request.headers['content-length'] ?? 0) > MAX_READ_BYTES) return 'refused';
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  // Not to be destroyed when it is left early: its socket still has to carry the answer.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_READ_BYTES) return 'refused';
    if (sizeBytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return sizeBytes > MAX_BODY_BYTES ? 'too-large' : { text: Buffer.concat(chunks).toString('utf8') };
}
