import type { MomentoOperation } from '../../foundation/momento.errors.js';
import type { TagMark } from '../entry/envelope.js';
import { type CacheArguments, toCacheError } from '../options/cache-arguments.js';
import type { CachePolicy } from '../options/cache-policy.js';
import type { DegradationLog } from '../statistics/degradation-log.js';
import { markerKeyOf, markerKeysOf, type Markers, noMarkers, noMarks } from './marker.js';
import type { LoadStart, TagMarkers } from './tag-markers.js';

/** The tags of a value that was loaded. */
export interface LoadTags {
  /** Undefined: nobody can tell whether a tag was invalidated meanwhile. The value is not stored. */
  readonly marks: readonly TagMark[] | undefined;
  /** Of the tags; undefined: it has none. */
  readonly markerKeys?: readonly string[];
}

const noTags: LoadTags = { marks: noMarks };

interface TaggedLoad {
  readonly operation: MomentoOperation;
  readonly policy: CachePolicy;
  /** Of the tags that are known before the load. */
  readonly markerKeys: readonly string[];
}

/** Tags of loads. Caching degrades: when markers can be neither read nor made, a value is not stored. */
export class TagsOfLoads {
  readonly #markers: TagMarkers;
  readonly #arguments: CacheArguments;
  readonly #degradations: DegradationLog;

  constructor(markers: TagMarkers, args: CacheArguments, degradations: DegradationLog) {
    this.#markers = markers;
    this.#arguments = args;
    this.#degradations = degradations;
  }

  /** Before the load: sees to it that the markers are there. @returns undefined: the cache failed */
  async prepare({ operation, markerKeys }: TaggedLoad, known: Markers): Promise<Markers | undefined> {
    return this.#orUndefined(operation, async () => {
      const made = await this.#markers.ensure(markerKeys, known);
      return new Map([...known, ...made]);
    });
  }

  /** After the load. @param known from before it; undefined: the cache failed. @throws what the option's function throws */
  async tagsOf(
    { operation, policy }: TaggedLoad,
    value: unknown,
    known: Markers | undefined,
    start: LoadStart,
  ): Promise<LoadTags> {
    if (value === undefined && typeof policy.tags === 'function') return noTags;
    const markerKeys = markerKeysOf(this.#arguments.tags(operation, value, policy));
    if (markerKeys.length === 0) return noTags;
    if (known === undefined) return { marks: undefined, markerKeys };
    const marks = await this.#orUndefined(operation, () => this.#markers.lateMarks(markerKeys, known, start));
    return { marks, markerKeys };
  }

  /** Whether no tag was invalidated since: asked on behalf of those who joined the load. False when nobody can tell. */
  async areUnchanged(operation: MomentoOperation, marks: readonly TagMark[] | undefined): Promise<boolean> {
    if (marks === undefined || marks.length === 0) return marks !== undefined;
    const { epoch } = this.#markers.changes;
    const markers = await this.#orUndefined(operation, () =>
      this.#markers.read(marks.map(({ tag }) => markerKeyOf(tag))),
    );
    return this.#markers.areValid(marks, markers ?? noMarkers, epoch);
  }

  async #orUndefined<T>(operation: MomentoOperation, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#degradations.warn('store', toCacheError(operation, error));
      return undefined;
    }
  }
}
