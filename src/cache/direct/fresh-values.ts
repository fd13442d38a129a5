import type { MomentoOperation } from '../../foundation/momento.errors.js';
import { isEnvelope, type TagMark } from '../entry/envelope.js';
import { freshEntryIn } from '../entry/fresh-value.js';
import { type CacheArguments, toCacheError } from '../options/cache-arguments.js';
import { type Markers, noMarkers } from '../tags/marker.js';
import type { CacheWatch } from '../statistics/cache-watch.js';
import type { TagMarkers } from '../tags/tag-markers.js';

type Stored = Uint8Array | undefined;

/** What stored bytes are worth to whoever reads them without a loader: what is fresh, and whose tags are valid. */
export class FreshValues {
  readonly #arguments: CacheArguments;
  readonly #tags: TagMarkers;
  readonly #watch: Pick<CacheWatch, 'asked'>;

  constructor(args: CacheArguments, tags: TagMarkers, watch: Pick<CacheWatch, 'asked'>) {
    this.#watch = watch;
    this.#arguments = args;
    this.#tags = tags;
  }

  /**
   * At once, unless it has tags, whose markers are another request.
   *
   * @param epoch of the tags' changes, from before it was read
   */
  read<T>(
    operation: MomentoOperation,
    key: string,
    stored: Stored,
    epoch: number,
  ): T | undefined | Promise<T | undefined> {
    const tags = stored === undefined ? noTags : tagsIn(stored);
    if (tags.length === 0) return this.readWith<T>(operation, key, stored, epoch, noMarkers);
    return this.#tags.complete(tags, noMarkers).then(
      (markers) => this.readWith<T>(operation, key, stored, epoch, markers),
      (error: unknown) => {
        throw toCacheError(operation, error);
      },
    );
  }

  /** @param markers those of all its tags; those that are missing make it invalid */
  readWith<T>(
    operation: MomentoOperation,
    key: string,
    stored: Stored,
    epoch: number,
    markers: Markers,
  ): T | undefined {
    const payload = stored === undefined ? undefined : this.#payloadIn(stored, epoch, markers);
    const value = payload === undefined ? undefined : this.#arguments.decode<T>(operation, payload);
    this.#watch.asked(key, payload === undefined ? 'loader' : 'cache');
    return value;
  }

  #payloadIn(stored: Uint8Array, epoch: number, markers: Markers): Uint8Array | undefined {
    if (!isEnvelope(stored)) return stored;
    const entry = freshEntryIn(stored);
    if (entry === undefined) return undefined;
    const { payload, tags } = entry;
    return tags.length === 0 || this.#tags.areValid(tags, markers, epoch) ? payload : undefined;
  }

  /** What is known, and the markers of the values' tags that are not, in one request for a hundred. */
  async markersOf(stored: readonly Stored[], known: Markers): Promise<Markers> {
    const marks = stored.flatMap((one) => (one === undefined ? noTags : tagsIn(one)));
    return marks.length === 0 ? known : this.#tags.complete(marks, known);
  }
}

const noTags: readonly TagMark[] = [];

function tagsIn(stored: Uint8Array): readonly TagMark[] {
  return isEnvelope(stored) ? (freshEntryIn(stored)?.tags ?? noTags) : noTags;
}
