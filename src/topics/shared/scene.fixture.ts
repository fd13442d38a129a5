import { vi } from 'vitest';
import type { Place, Told } from '../../../test/support/told.js';
import { ScriptedTopic } from './scripted-topic.fixture.js';
import { type Listening, SharedTopics } from './shared-topics.js';

/** Who listens to the topic of a scene, and what it was told. */
export interface Listener {
  readonly told: Told[];
  readonly after: Place | undefined;
  readonly notBefore: number;
  /** How many messages there were when `listen()` was answered; undefined until then. */
  allBehind: number | undefined;
  part: Listening | undefined;
  refused: boolean;
  left: boolean;
  ends: number;
}

/** Listeners of all kinds to one topic, and a service that does each step when it is told to. */
export class Scene {
  readonly listeners: Listener[] = [];
  readonly #shared: SharedTopics;

  /** @param topic another scene may be of the same topic, as another process is */
  constructor(readonly topic = new ScriptedTopic()) {
    this.#shared = new SharedTopics(topic.client);
  }

  listen(after?: Place): Listener {
    const listener: Listener = {
      told: [],
      after,
      notBefore: this.#notBefore(),
      allBehind: undefined,
      part: undefined,
      refused: false,
      left: false,
      ends: 0,
    };
    this.listeners.push(listener);
    const events = {
      item: (_item: unknown, at: Place) => void listener.told.push({ kind: 'item', at }),
      gap: (gap: { from: Place; to: Place; missed?: number }) =>
        void listener.told.push({ kind: 'gap', ...gap }),
      ended: () => void (listener.ends += 1),
    };
    const operation = { name: 'subscribe', cacheName: 'cache', target: 'topic' };
    void this.#answer(listener, this.#shared.listen(operation, events, after));
    return listener;
  }

  async #answer(listener: Listener, answer: Promise<Listening>): Promise<void> {
    try {
      listener.part = await answer;
      listener.allBehind = this.topic.published.count;
    } catch {
      listener.refused = true;
    }
  }

  leave(index: number): void {
    const listener = pick(this.living, index);
    if (listener === undefined) return;
    listener.left = true;
    listener.part?.stop();
  }

  get living(): Listener[] {
    return this.listeners.filter(({ part, left }) => part !== undefined && !left);
  }

  /** Everything that is under way arrives. */
  async settle(): Promise<void> {
    for (let round = 0; round < 10; round += 1) {
      for (const stream of this.topic.streams) {
        stream.move();
        stream.open();
        stream.answer();
        stream.deliverAll();
      }
      await flush();
    }
  }

  faults(): string[] {
    const upTo = this.topic.published.count;
    return this.listeners.flatMap(({ told, part, left, allBehind = Infinity, ...claim }, index) =>
      this.topic.published
        .faultsOf(told, { ...claim, allBehind, upTo: part === undefined || left ? undefined : upTo })
        .map((fault) => `listener ${index}: ${fault}`),
    );
  }

  /** Nothing may come of what every stream that is live has passed: a stream that still catches up is no measure. */
  #notBefore(): number {
    const live = this.topic.open.filter(({ behind, heartbeats }) => behind === undefined || heartbeats > 1);
    return Math.min(this.topic.published.count, ...live.map(({ passed }) => passed));
  }
}

export const flush = () => vi.advanceTimersByTimeAsync(0);

export function pick<T>(all: readonly T[], index: number): T | undefined {
  return all[index % Math.max(all.length, 1)];
}
