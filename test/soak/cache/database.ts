import { closeSync, openSync, readSync, truncateSync, writeSync } from 'node:fs';

/** Of a record, its version, and when the changes to the latest versions had ended, cache included. */
const versionsKnown = 8;
const recordBytes = 8 * (1 + versionsKnown);

/**
 * Versions of what is cached, in a file that the processes of a soak share: what one writes, the others see at once. Each record
 * has one process that changes it.
 */
export class Database {
  readonly #file: number;
  readonly #bytes = Buffer.alloc(recordBytes);

  private constructor(file: number) {
    this.#file = file;
  }

  /** Makes a file in which each record has version 0. */
  static create(path: string, records: number): void {
    closeSync(openSync(path, 'w'));
    truncateSync(path, records * recordBytes);
  }

  static open(path: string): Database {
    return new Database(openSync(path, 'r+'));
  }

  /** Milliseconds of a clock that all processes of the machine share, and nobody sets. */
  static nowMs(): number {
    return Number(process.hrtime.bigint()) / 1e6;
  }

  version(record: number): number {
    return this.#read(record).readDoubleLE(0);
  }

  /** What comes before the change of the cache. @returns the new version */
  change(record: number): number {
    const version = this.version(record) + 1;
    this.#write(record, slotOf(version), Infinity);
    this.#write(record, 0, version);
    return version;
  }

  /** The cache knows of the change. */
  ended(record: number, version: number): void {
    this.#write(record, slotOf(version), Database.nowMs());
  }

  /** For how long a version had no longer been the latest, when a call began that got it; 0: it still was. */
  staleMs(record: number, version: number, calledAtMs: number): number {
    const bytes = this.#read(record);
    const latest = bytes.readDoubleLE(0);
    let replacedAtMs = Infinity;
    for (let later = Math.max(version + 1, latest - versionsKnown + 1); later <= latest; later += 1)
      replacedAtMs = Math.min(replacedAtMs, bytes.readDoubleLE(8 * slotOf(later)));
    return Math.max(0, calledAtMs - replacedAtMs);
  }

  close(): void {
    closeSync(this.#file);
  }

  #read(record: number): Buffer {
    readSync(this.#file, this.#bytes, 0, recordBytes, record * recordBytes);
    return this.#bytes;
  }

  /** @param slot 0 for the version itself */
  #write(record: number, slot: number, value: number): void {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleLE(value);
    writeSync(this.#file, bytes, 0, 8, record * recordBytes + 8 * slot);
  }
}

function slotOf(version: number): number {
  return 1 + (version % versionsKnown);
}
