import { Agent, get, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import type { LookupFunction } from 'node:net';

/** A secret has at most 64 KiB, a key some two. */
const mostBytes = 65_536;

export interface LoopbackAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * A GET on this machine. Whatever `localhost` resolves to, it goes to a loopback address; it follows no redirect and uses no
 * proxy, because its headers are for the one who listens there alone.
 *
 * @throws Error when nobody listens, the answer breaks off or has more than 64 KiB, or the signal is aborted
 */
export async function getFromLoopback(
  port: number,
  path: string,
  headers: OutgoingHttpHeaders,
  signal: AbortSignal,
): Promise<LoopbackAnswer> {
  // One that is no global agent: that one takes a proxy from the environment when Node is told to.
  const agent = new Agent({ keepAlive: false, autoSelectFamily: true });
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get({ host: 'localhost', port, path, headers, signal, agent, lookup }, resolve).on('error', reject);
  });
  return { status: answer.statusCode ?? 0, text: await readText(answer) };
}

/** No resolver is asked. */
const lookup: LookupFunction = (_hostname, { all, family }, callback) => {
  const addresses = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ];
  const [first = { address: '127.0.0.1', family: 4 }] = addresses.filter((one) => one.family === family);
  if (all === true) callback(null, addresses);
  else callback(null, first.address, first.family);
};

async function readText(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length;
    // Leaving the loop destroys the connection.
    if (length > mostBytes) throw new Error('The answer has more than 64 KiB.');
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}
