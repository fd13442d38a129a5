import type { TopicService } from 'nestjs-momento';
import type { MomentoLocal } from 'nestjs-momento/local';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Published } from '../../support/told.js';
import { topicName } from './listener.fixture.js';

const mostAttempts = 200;
const pauseMs = 30;

/** Publishes the numbers from 1 on, whatever happens to Momento meanwhile, and asks the server which were carried out. */
export class Publisher {
  readonly #published: Published;
  #begun = 0;
  #last: Promise<void> = Promise.resolve();
  #underWay = 0;
  /** By this server, which may not be the first. */
  #carriedOut = 0;

  constructor(published: Published) {
    this.#published = published;
  }

  /** How many messages there may be by now. */
  get most(): number {
    return this.#published.count + this.#underWay;
  }

  /** Whether each number was published once; a call whose answer was lost is made again. */
  get isExact(): boolean {
    return this.#published.count === this.#begun;
  }

  /** One call after the other, so that their order is known. @param isOneCall or one for each */
  async publish(
    topics: TopicService,
    momento: () => MomentoLocal,
    count: number,
    isOneCall = false,
  ): Promise<void> {
    const before = this.#last;
    const mine = before.then(() => this.#publish(topics, momento, count, isOneCall));
    this.#last = mine.catch(() => undefined);
    await mine;
  }

  async #publish(
    topics: TopicService,
    momento: () => MomentoLocal,
    count: number,
    isOneCall: boolean,
  ): Promise<void> {
    let values = Array.from({ length: count }, (_, index) => this.#begun + index + 1);
    this.#begun += count;
    this.#underWay += count;
    for (let attempt = 1; values.length > 0; attempt += 1) {
      try {
        if (isOneCall) await topics.publishMany(topicName, values);
        else await topics.publish(topicName, values[0]);
      } catch (error) {
        if (attempt === mostAttempts) throw error;
        await sleep(pauseMs);
      }
      const added = this.note(momento());
      this.#underWay -= Math.min(added, values.length);
      values = values.slice(added);
    }
  }

  /** Notes what was carried out since the last time. @returns how many */
  note({ requests }: MomentoLocal): number {
    const all = requests.filter(({ rpc, status }) => rpc === 'topic-publish' && status === 'OK').length;
    const added = all - this.#carriedOut;
    this.#carriedOut = all;
    for (let count = 0; count < added; count += 1) this.#published.add();
    return added;
  }

  noteAnotherServer(): void {
    this.#carriedOut = 0;
  }
}
