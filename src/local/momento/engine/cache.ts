import { ItemStore } from './items/item-store.js';
import type { Leaderboard } from './leaderboard.js';
import { Topic } from './topics/topic.js';
import { Webhooks } from './topics/webhooks.js';

export interface CacheSettings {
  readonly now: () => number;
  readonly topicHistoryMs: number;
  /** Most bytes of keys and values in each cache. */
  readonly maxBytes: number;
  /** Answers a number larger than all it answered before: the sequence page of a new topic. */
  readonly nextSequencePage: () => number;
}

/** One cache: its items, its leaderboards, its topics and their webhooks. */
export class Cache {
  readonly items: ItemStore;
  readonly leaderboards = new Map<string, Leaderboard>();
  readonly webhooks = new Webhooks();
  readonly #topics = new Map<string, Topic>();
  readonly #settings: CacheSettings;

  constructor(
    readonly name: string,
    settings: CacheSettings,
  ) {
    this.#settings = settings;
    this.items = new ItemStore(settings.now, settings);
  }

  /** Removes every item and every leaderboard; the topics and webhooks stay. */
  flush(): void {
    this.items.clear();
    this.leaderboards.clear();
  }

  /** Looks at the next so many items and at every topic, and frees what is too old to be seen again. */
  sweep(itemCount: number): void {
    this.items.sweep(itemCount);
    for (const topic of this.#topics.values()) {
      topic.forgetOld();
    }
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
