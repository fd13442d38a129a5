import type { MomentoOperation } from '../../foundation/momento.errors.js';
import type { Packed } from '../entry/pack.js';
import type { Near } from '../near/handle-near.js';
import type { Keep } from '../near/near-cache.js';
import { handOut } from '../near/shareable.js';
import type { CacheArguments } from '../options/cache-arguments.js';
import { type Content, shareableIn, takeValue } from './answer.js';
import type { Found } from './look-up.js';

/** Keeps in this process what reads and loads find, and hands it out: to each caller a copy of its own, or to all a frozen one. */
export class Keeping {
  readonly #near: Near;
  readonly #arguments: CacheArguments;

  constructor(near: Near, args: CacheArguments) {
    this.#near = near;
    this.#arguments = args;
  }

  /** Called when a read or a load begins. */
  begin(fullKey: string): Keep | undefined {
    return this.#near.begin(fullKey);
  }

  found(keep: Keep | undefined, operation: MomentoOperation, { content, entry, markerKeys }: Found): void {
    const freshMs = entry === undefined ? 0 : entry.freshUntilMs - Date.now();
    this.#keep(keep, operation, content, { createdAtMs: entry?.createdAtMs, freshMs, markerKeys });
  }

  loaded(
    keep: Keep | undefined,
    operation: MomentoOperation,
    content: Content,
    { freshSeconds }: Packed,
    markerKeys: readonly string[] | undefined,
  ): void {
    const about = { createdAtMs: Date.now(), freshMs: freshSeconds * 1000, markerKeys };
    this.#keep(keep, operation, content, about);
  }

  /** For one caller; a promise only with a schema that needs time. */
  valueOf(operation: MomentoOperation, content: Content): unknown {
    const decode = this.#decoderOf(operation);
    const shareable = this.#near.isOn ? shareableIn(content, decode) : undefined;
    return shareable === undefined ? takeValue(content, decode) : handOut(shareable);
  }

  #keep(
    keep: Keep | undefined,
    operation: MomentoOperation,
    content: Content,
    about: {
      readonly createdAtMs: number | undefined;
      readonly freshMs: number;
      readonly markerKeys: readonly string[] | undefined;
    },
  ): void {
    if (keep === undefined) return;
    const shareable = shareableIn(content, this.#decoderOf(operation));
    if (shareable === undefined) return;
    const { createdAtMs, freshMs, markerKeys: dependsOn = [] } = about;
    const sizeBytes = content.kind === 'bytes' ? content.bytes.length : 0;
    keep({ shareable, sizeBytes, createdAtMs, freshMs, dependsOn });
  }

  #decoderOf(operation: MomentoOperation) {
    return (bytes: Uint8Array): unknown => this.#arguments.valueIn(operation, bytes);
  }
}
