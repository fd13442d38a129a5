import type { MessageEvent } from '@nestjs/common';
import type { TopicCursor, TopicGap, TopicGapEvent, TopicMessage, TopicService } from 'nestjs-momento';
import { inspect } from 'node:util';
import type { Place, Published, Told } from '../../support/told.js';

type Gap = { readonly from: TopicCursor; readonly to: TopicCursor; readonly missed?: number | undefined };

export const topicName = 'numbers';

/** The ways to listen. */
export type Kind = 'subscribe' | 'observe' | 'stream' | 'sse';
export const kinds: readonly Kind[] = ['subscribe', 'observe', 'stream', 'sse'];

export interface ListenerOptions {
  readonly kind: Kind;
  /** @default topicName */
  readonly topic?: string;
  readonly after: Place | undefined;
  /** Without `after`: none of the first so many may come. */
  readonly notBefore: number;
  /** How many messages there may be by now. */
  readonly count: () => number;
  /** How often something went wrong by now. */
  readonly troubles: () => number;
  /** And by the last time that all was well. */
  readonly troublesSettled: number;
}

/** Somebody who listens, in one of the ways that there are, and remembers what it was told. */
export class Listener {
  readonly kind: Kind;
  readonly told: Told[] = [];
  /** It hears all behind the first so many. */
  allBehind = Infinity;
  hasLeft = false;
  error: unknown;
  readonly #options: ListenerOptions;
  readonly #values: number[] = [];
  /** How much it was told when it had left. */
  #toldAtEnd: number | undefined;
  readonly #troublesBefore: number;
  /** Whether something went wrong before it was told anything. */
  #wasDisturbed: boolean | undefined;
  #leave: () => Promise<void> = async () => undefined;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.kind = options.kind;
    this.#troublesBefore = options.troubles();
  }

  get last(): Place | undefined {
    const last = this.told.at(-1);
    return last?.kind === 'gap' ? last.to : last?.at;
  }

  /** @returns once it has an answer; of all but `subscribe` there is none */
  async listen(topics: TopicService): Promise<void> {
    const { topic = topicName, after } = this.#options;
    const cursor = after && (`${after.page}:${after.number}` as const);
    if (this.kind === 'subscribe') return this.#subscribe(topics, topic, cursor);
    if (this.kind === 'stream') return this.#stream(topics, topic, cursor);
    const subscription =
      this.kind === 'sse'
        ? topics
            .sse(topic, { lastEventId: cursor })
            .subscribe(this.#observer((event) => this.#hearSent(event)))
        : topics
            .observe<number>(topic, { after: cursor, gaps: true })
            .subscribe(this.#observer((event) => this.#hearEvent(event)));
    this.#leave = async () => subscription.unsubscribe();
  }

  async leave(): Promise<void> {
    this.hasLeft = true;
    await this.#leave();
    this.#toldAtEnd = this.told.length;
  }

  /**
   * @param isPlaced whether the subscription that it joined had heard something
   * @param isExact whether the count of a message is also its value
   */
  faults(published: Published, isPlaced: boolean, isExact: boolean): string[] {
    const { after, notBefore, troubles, troublesSettled } = this.#options;
    // A subscription that has heard nothing does not know what it lost.
    const isExcused = after === undefined && !isPlaced && this.#wasDisturbed === true;
    const claim = {
      after,
      notBefore,
      allBehind: isExcused ? Infinity : this.allBehind,
      upTo: this.hasLeft || this.error !== undefined ? undefined : published.count,
    };
    const faults = published.faultsOf(this.told, claim);
    const items = this.told.filter((one) => one.kind === 'item');
    const mixedUp = items.some(({ at }, index) => published.countAt(at) !== this.#values[index]);
    if (isExact && mixedUp) faults.push('a message with another cursor');
    if (this.#toldAtEnd !== undefined && this.#toldAtEnd < this.told.length)
      faults.push('told after its end');
    if (this.error !== undefined && troublesSettled === troubles()) faults.push(inspect(this.error));
    return faults;
  }

  async #subscribe(topics: TopicService, topic: string, after: TopicCursor | undefined): Promise<void> {
    const handler = (message: TopicMessage<number>) => this.#hear(message);
    const answer = topics.subscribe<number>(topic, handler, { after, onGap: (gap) => this.#hearGap(gap) });
    this.#leave = async () => (await answer.catch(() => undefined))?.unsubscribe();
    try {
      await answer;
      this.allBehind = this.#options.count();
    } catch (error) {
      this.error = error;
    }
  }

  #stream(topics: TopicService, topic: string, after: TopicCursor | undefined): void {
    const ending = new AbortController();
    const { signal } = ending;
    const read = async () => {
      for await (const event of topics.stream<number>(topic, { after, gaps: true, signal }))
        this.#hearEvent(event);
    };
    const reading = read().catch((error: unknown) => (this.error = error));
    this.#leave = async () => {
      ending.abort();
      await reading;
    };
  }

  #observer<E>(next: (event: E) => void) {
    return { next, error: (error: unknown) => void (this.error = error) };
  }

  /** As Nest's `@Sse()` sends it. */
  #hearSent({ id, type, data, retry, comment }: MessageEvent): void {
    if (retry !== undefined || comment !== undefined) return;
    const cursor = id as TopicCursor;
    if (type === undefined) return this.#hear({ cursor, value: JSON.parse(data as string) as number });
    const { from, missed } = data as Pick<TopicGap, 'from' | 'missed'>;
    this.#hearGap({ from, to: cursor, missed });
  }

  #hearEvent(event: TopicMessage<number> | TopicGapEvent): void {
    if ('kind' in event) this.#hearGap(event);
    else this.#hear(event);
  }

  #hear({ cursor, value }: Pick<TopicMessage<number>, 'cursor' | 'value'>): void {
    this.#note({ kind: 'item', at: placeOf(cursor) });
    this.#values.push(value);
  }

  #hearGap({ from, to, missed }: Gap): void {
    this.#note({ kind: 'gap', from: placeOf(from), to: placeOf(to), missed });
  }

  #note(told: Told): void {
    this.#wasDisturbed ??= this.#options.troubles() !== this.#troublesBefore;
    this.told.push(told);
  }
}

function placeOf(cursor: TopicCursor): Place {
  const [page = Number.NaN, number = Number.NaN] = cursor.split(':').map(Number);
  return { page, number };
}
