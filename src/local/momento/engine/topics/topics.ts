import type { ByteBudget, ByteHolder } from '../byte-budget.js';
import { EngineError } from '../engine-error.js';
import { Topic, type TopicValue } from './topic.js';

export interface TopicsSettings {
  readonly now: () => number;
  readonly historyMs: number;
  /** Answers a number larger than all it answered before: the sequence page of a new topic. */
  readonly nextSequencePage: () => number;
}

/** So many topics to which nobody listens are remembered: long before, their messages are too old to be resumed from. */
const MAX_UNHEARD_TOPICS = 10_000;
/** However large the messages are and however slowly the clock moves, a cache holds no more of them than this. */
const MAX_HISTORY_BYTES = 256 * 1024 * 1024;
const MAX_NAME_BYTES = 1024;

/** The topics of one cache, by name. A topic begins its life when it is first used. */
export class Topics implements ByteHolder {
  /** From the least to the most recently used. */
  readonly #topics = new Map<string, Topic>();
  readonly #settings: TopicsSettings;
  readonly #budget: ByteBudget;
  /** Bytes of the messages that the topics hold; each topic keeps it up to date. */
  readonly #history = { heldBytes: 0 };
  #nameBytes = 0;

  constructor(settings: TopicsSettings, budget: ByteBudget) {
    this.#settings = settings;
    this.#budget = budget;
    budget.join(this);
  }

  get heldCount(): number {
    return this.#topics.size;
  }

  /** Bytes of the names and messages held. */
  get heldBytes(): number {
    return this.#nameBytes + this.#history.heldBytes;
  }

  /** The names of topics that somebody listens to. */
  get pinnedBytes(): number {
    let bytes = 0;
    for (const [name, { subscriberCount }] of this.#topics) {
      bytes += subscriberCount > 0 ? Buffer.byteLength(name) : 0;
    }
    return bytes;
  }

  /**
   * The topic of this name, for a subscriber: it is remembered for as long as somebody listens.
   *
   * @throws EngineError `invalid-argument`, or `size-limit-exceeded` when its name finds no room
   */
  open(name: string): Topic {
    const known = this.#topics.get(name);
    if (known === undefined || known.subscriberCount === 0) {
      this.#budget.pin(Buffer.byteLength(name));
    }
    return this.get(name);
  }

  /** The topic of this name. @throws EngineError `invalid-argument` for a name that is empty or too long. */
  get(name: string): Topic {
    const topic = this.#topics.get(name) ?? this.#create(name);
    this.#topics.delete(name);
    this.#topics.set(name, topic);
    return topic;
  }

  /** Publishes to the topic of this name, and answers the number of the message. */
  publish(name: string, value: TopicValue, publisherId: string): number {
    const topic = this.get(name);
    const sequenceNumber = topic.publish(value, publisherId);
    this.release(this.#history.heldBytes - MAX_HISTORY_BYTES);
    this.#budget.makeRoom();
    return sequenceNumber;
  }

  /** Frees the messages that are too old to be resumed from. */
  forgetOld(): void {
    for (const topic of this.#topics.values()) {
      topic.forgetOld();
    }
  }

  /** Messages go first, oldest first, from the least recently used topic on; then the topics that nobody listens to. */
  release(bytes: number): void {
    const keptBytes = this.heldBytes - bytes;
    const steps = [
      (topic: Topic) => topic.forgetWhile(() => this.heldBytes > keptBytes),
      (topic: Topic, name: string) => topic.subscriberCount === 0 && this.#forget(name, topic),
    ];
    for (const step of steps) {
      for (const [name, topic] of this.#topics) {
        if (this.heldBytes <= keptBytes) {
          return;
        }
        step(topic, name);
      }
    }
  }

  #create(name: string): Topic {
    const nameBytes = Buffer.byteLength(name);
    if (name === '' || nameBytes > MAX_NAME_BYTES) {
      throw new EngineError('invalid-argument', `A topic name has from 1 to ${MAX_NAME_BYTES} bytes`);
    }
    for (const [otherName, topic] of this.#topics) {
      if (this.#topics.size < MAX_UNHEARD_TOPICS) {
        break;
      }
      if (topic.subscriberCount === 0) {
        this.#forget(otherName, topic);
      }
    }
    const { nextSequencePage, now, historyMs } = this.#settings;
    this.#nameBytes += nameBytes;
    return new Topic(nextSequencePage(), { now, historyMs, history: this.#history });
  }

  #forget(name: string, topic: Topic): void {
    topic.forgetWhile(() => true);
    this.#topics.delete(name);
    this.#nameBytes -= Buffer.byteLength(name);
  }
}
