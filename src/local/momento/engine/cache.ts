import { ByteBudget } from './byte-budget.js';
import { ItemStore } from './items/item-store.js';
import { Leaderboards } from './leaderboards.js';
import { Topics } from './topics/topics.js';
import { Webhooks } from './topics/webhooks.js';

export interface CacheSettings {
  readonly now: () => number;
  readonly topicHistoryMs: number;
  /** Most bytes of items, topics and leaderboards in each cache. */
  readonly maxBytes: number;
  /** Answers a number larger than all it answered before: the sequence page of a new topic. */
  readonly nextSequencePage: () => number;
}

/** One cache: its items, its leaderboards, its topics and their webhooks. */
export class Cache {
  readonly items: ItemStore;
  readonly leaderboards: Leaderboards;
  readonly topics: Topics;
  readonly webhooks = new Webhooks();

  constructor(
    readonly name: string,
    settings: CacheSettings,
  ) {
    const { now, topicHistoryMs: historyMs, maxBytes, nextSequencePage } = settings;
    const budget = new ByteBudget(maxBytes);
    // In the order in which they let go of what is too much: messages are too old in a few seconds anyway.
    this.topics = new Topics({ now, historyMs, nextSequencePage }, budget);
    this.items = new ItemStore(now, budget);
    this.leaderboards = new Leaderboards(budget);
  }

  /** Removes every item and every leaderboard; the topics and webhooks stay. */
  flush(): void {
    this.items.clear();
    this.leaderboards.clear();
  }

  /** Looks at the next so many items and at every topic, and frees what is too old to be seen again. */
  sweep(itemCount: number): void {
    this.items.sweep(itemCount);
    this.topics.forgetOld();
  }
}
