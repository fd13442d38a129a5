import type { TopicService } from 'nestjs-momento';
import type { MomentoLocal } from 'nestjs-momento/local';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Published } from '../../support/told.js';
import { topicName } from './listener.fixture.js';

const mostAttempts = 200;
const pauseMs = 30;

/** Publishes the numbers from 1 on, whatever happens to Momento meanwhile, and knows which were carried out. */
export class Publisher {
  readonly #published: Published;
  /** How many calls have begun, each with a number of its own. */
  #begun = 0;
  /** By this server, which may not be the first. */
  #carriedOut = 0;

  constructor(published: Published) {
    this.#published = published;
  }

  get begun(): number {
    return this.#begun;
  }

  noteAnotherServer(): void {
    this.#carriedOut = 0;
  }

  /** @param isOneCall or one for each */
  async publish(
    topics: TopicService,
    momento: () => MomentoLocal,
    count: number,
    isOneCall = false,
  ): Promise<void> {
    const first = this.#begun + 1;
    let values = Array.from({ length: count }, (_, index) => first + index);
    this.#begun += count;
    for (let attempt = 1; values.length > 0; attempt += 1) {
      let done = isOneCall ? values.length : 1;
      try {
        if (isOneCall) await topics.publishMany(topicName, values);
        else await topics.publish(topicName, values[0]);
      } catch (error) {
        if (attempt === mostAttempts) throw error;
        // It may have been carried out although its answer was lost.
        done = countOfPublished(momento()) - this.#carriedOut;
        await sleep(pauseMs);
      }
      values = values.slice(done);
      this.#carriedOut += done;
      for (let one = 0; one < done; one += 1) this.#published.add();
    }
  }
}

function countOfPublished({ requests }: MomentoLocal): number {
  return requests.filter(({ rpc, status }) => rpc === 'topic-publish' && status === 'OK').length;
}
