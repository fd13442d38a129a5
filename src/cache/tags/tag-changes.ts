/** Tags whose last change is remembered. Those beyond them count as changed when the oldest of them was. */
const maxKnown = 10_000;

/** What may hang on tags, as who wants to join it finds it. */
export interface Watched {
  /** Of `TagChanges`, when the work began. */
  tagEpoch: number;
  /** Keys of the markers that the outcome hangs on; undefined: it may hang on any. */
  markerKeys: readonly string[] | undefined;
}

/** Called with the keys of markers that were changed, when Momento has the change or it is queued. Must not throw. */
export type TagListener = (markerKeys: readonly string[]) => void;

/** Which tags of a cache this process has invalidated, and when: in epochs, of which each invalidation begins one. */
export class TagChanges {
  /** How many invalidations have ended. */
  epoch = 0;
  readonly #epochs = new Map<string, number>();
  #forgottenEpoch = 0;
  readonly #listeners = new Set<TagListener>();

  /** The one place where it is said that markers were changed. */
  changed(markerKeys: readonly string[]): void {
    this.epoch += 1;
    for (const key of markerKeys) {
      this.#epochs.delete(key);
      this.#epochs.set(key, this.epoch);
    }
    for (const [key, epoch] of this.#epochs) {
      if (this.#epochs.size <= maxKnown) break;
      this.#epochs.delete(key);
      this.#forgottenEpoch = epoch;
    }
    for (const listener of this.#listeners) listener(markerKeys);
  }

  /** @returns what ends it */
  listen(listener: TagListener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Notes that work begins, which may hang on any tag. */
  begin(work: Watched): void {
    work.tagEpoch = this.epoch;
    work.markerKeys = undefined;
  }

  /** Whether a tag that the work may hang on was changed after it began: who asks now must not get its outcome. */
  hasOutrun({ tagEpoch, markerKeys }: Watched): boolean {
    return this.isChangedSince(tagEpoch, markerKeys);
  }

  /** @param markerKeys undefined: any */
  isChangedSince(epoch: number, markerKeys: readonly string[] | undefined): boolean {
    if (epoch === this.epoch) return false;
    return (
      markerKeys === undefined ||
      markerKeys.some((key) => (this.#epochs.get(key) ?? this.#forgottenEpoch) > epoch)
    );
  }
}
