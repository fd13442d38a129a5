import { ItemStore } from './item-store.js';
import { Topic } from './topic.js';

export interface CacheSettings {
  readonly now: () => number;
  readonly topicHistoryMs: number;
  /** Answers a number larger than all it answered before: the sequence page of a new topic. */
  readonly nextSequencePage: () => number;
}

/** One cache: its items and its topics. */
export class Cache {
  readonly items: ItemStore;
  readonly #topics = new Map<string, Topic>();
  readonly #settings: CacheSettings;

  constructor(
    readonly name: string,
    settings: CacheSettings,
  ) {
    this.#settings = settings;
    this.items = new ItemStore(settings.now);
  }

  /** The topic of this name, which begins its life when it is first used. */
  topic(name: string): Topic {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      const { now, topicHistoryMs, nextSequencePage } = this.#settings;
      topic = new Topic(nextSequencePage(), { now, historyMs: topicHistoryMs });
      this.#topics.set(name, topic);
    }
    return topic;
  }
}
