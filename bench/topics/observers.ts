import { NestFactory } from '@nestjs/core';
import { fromMomentoLocal, MomentoModule, TopicService } from 'nestjs-momento';
import { setTimeout as sleep } from 'node:timers/promises';
import { createTopicContext } from '../../src/topics/topic-context.js';
import { TopicParts } from '../../src/topics/topic-parts.js';
import type { OtherProcess } from '../other-process.js';
import type { Report } from '../report.js';
import type { Order } from './handlers.js';
import { cpuMicrosOf, leastCosts } from './least-costs.js';
import { ScriptedTopics } from './scripted-topics.js';

const rounds = 7;
const manyObservers = 1_000;
/** What all observers together hear in a slice. */
const heardASlice = 50_000;

/** Many who observe one topic in one process: what they ask of Momento, and what each message costs each of them. */
export async function measureObservers(report: Report, server: OtherProcess): Promise<void> {
  const what = `one topic, ${manyObservers.toLocaleString('en-US')} observers`;
  report.count(`${what}: SDK subscriptions`, await subscriptionsAtTheServer(server), { exactly: 1 });
  const taken = await leastCosts(rounds, { one: await sliceWith(1), many: await sliceWith(manyObservers) });
  report.rounds(
    '  µs of CPU an observer and message',
    taken.map(({ many }) => many),
    { atMost: 1 },
  );
  report.rounds(
    '  with one observer: µs of CPU a message',
    taken.map(({ one }) => one),
  );
}

/** With a real app, when all of them have heard a message. */
async function subscriptionsAtTheServer(server: OtherProcess): Promise<number> {
  const root = MomentoModule.forRoot({
    credentials: fromMomentoLocal({ port: server.port }),
    cacheName: 'bench',
  });
  const app = await NestFactory.createApplicationContext(root, { logger: false });
  const topics = app.get(TopicService);
  const subscribed = async () => (await server.usage()).calls['topic-subscribe'] ?? 0;
  const before = await subscribed();
  const heardBy = new Set<number>();
  const observers = Array.from({ length: manyObservers }, (_, index) =>
    topics.observe('observed').subscribe(() => heardBy.add(index)),
  );
  while (heardBy.size < manyObservers) {
    await topics.publish('observed', 'hello');
    await sleep(10);
  }
  const count = (await subscribed()) - before;
  for (const observer of observers) observer.unsubscribe();
  await app.close();
  return count;
}

/** @returns what lets messages arrive, at so many observers, and measures it */
async function sliceWith(observers: number): Promise<() => Promise<number>> {
  const scripted = new ScriptedTopics();
  const parts = new TopicParts(scripted.client, 'bench', createTopicContext());
  const topics = new TopicService(scripted.client, parts);
  let heard = 0;
  for (let begun = 0; begun < observers; begun += 1)
    topics.observe<Order>('topic').subscribe(({ value }) => (heard += value.id));
  return async () => {
    heard = 0;
    const costMicros = await cpuMicrosOf(heardASlice, () => {
      for (let told = 0; told < heardASlice; told += observers) scripted.say('{"id":1}');
    });
    if (heard !== heardASlice) throw new Error(`${heard} messages were heard`);
    return costMicros;
  };
}
