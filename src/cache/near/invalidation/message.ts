import { type KeyHash, keyHashBytes } from './key-hash.js';

/** docs/format.md says what the bytes mean: keep the two together. */
const version = 1;
const senderBytes = 8;
const headerBytes = 1 + senderBytes;
const longestMessageBytes = 4_096;

/** With more, a message says that anything may have changed. */
export const maxHashes = Math.floor((longestMessageBytes - headerBytes) / keyHashBytes);

/** Changed keys; none: anything may have changed. */
export interface InvalidationMessage {
  /** 8 bytes as a string of so many characters, of the process that says so. */
  readonly sender: string;
  readonly hashes: readonly KeyHash[];
}

export function writeMessage({ sender, hashes }: InvalidationMessage): Uint8Array {
  return Buffer.from(`${String.fromCharCode(version)}${sender}${hashes.join('')}`, 'latin1');
}

/** Undefined: a version that is not known, or nothing of this library's. Whoever wrote it, it can do no more than cost misses. */
export function readMessage(message: Uint8Array): InvalidationMessage | undefined {
  const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
  if (bytes[0] !== version || bytes.length < headerBytes) return undefined;
  if ((bytes.length - headerBytes) % keyHashBytes !== 0) return undefined;
  const hashes: KeyHash[] = [];
  for (let at = headerBytes; at < bytes.length; at += keyHashBytes)
    hashes.push(bytes.toString('latin1', at, at + keyHashBytes));
  return { sender: bytes.toString('latin1', 1, headerBytes), hashes };
}
