import { Logger } from '@nestjs/common';
import { ExternalContextCreator, ModulesContainer } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import type { TopicMessage } from 'nestjs-momento';
import { setImmediate as nextTick } from 'node:timers/promises';
import { LogThrottle } from '../../src/foundation/log-throttle.js';
import { InFlight } from '../../src/foundation/time/in-flight.js';
import { findMethods, type FoundMethod } from '../../src/topics/handlers/found-methods.js';
import { argumentsFactory, argumentsKey } from '../../src/topics/handlers/handler-arguments.js';
import { HandlerContexts } from '../../src/topics/handlers/handler-contexts.js';
import { HandlerLog } from '../../src/topics/handlers/handler-log.js';
import { HandlerQueue } from '../../src/topics/handlers/handler-queue.js';
import { createTopicContext } from '../../src/topics/topic-context.js';
import { TopicParts } from '../../src/topics/topic-parts.js';
import type { Report } from '../report.js';
import { Handlers, type Order } from './handlers.js';
import { cpuMicrosOf, leastCosts } from './least-costs.js';
import { ScriptedTopics } from './scripted-topics.js';

const rounds = 7;
/** So many that a slice pays for the garbage that it makes. */
const messagesASlice = 5_000;
/** As they come one after the other, and as they come when much is published. */
const messagesATick = [1, 100];
const order: Order = { id: 1 };
const json = JSON.stringify(order);
const message: TopicMessage<Order> = {
  value: order,
  topic: 'orders',
  cacheName: 'bench',
  cursor: '1:1',
  sequenceNumber: 1,
  sequencePage: 1,
  receivedAt: new Date(),
};

/** What handling a message costs, without receiving it: in memory, over calling the method. */
export async function measureHandling(report: Report): Promise<void> {
  const app = await Test.createTestingModule({ providers: [Handlers] }).compile();
  const handlers = app.get(Handlers);
  const creator = app.get(ExternalContextCreator);
  const modules = app.get(ModulesContainer);
  const found = new Map(findMethods(modules).map((one) => [one.methodName, one]));
  const contexts = new HandlerContexts(creator, modules);
  const methodOf = (name: 'bare' | 'surrounded'): FoundMethod => {
    const method = found.get(name);
    if (method === undefined) throw new Error(`${name} is not found`);
    return method;
  };
  const queued = async (name: 'bare' | 'surrounded') => {
    const queue = await queueOf(methodOf(name), contexts);
    return () => queue.message(message);
  };
  const [bare, full] = [await queued('bare'), await queued('surrounded')];
  const read = await reading(methodOf('bare'), contexts);
  const surrounded = Reflect.get(handlers, 'surrounded') as (...args: unknown[]) => unknown;
  const nest = creator.create(handlers, surrounded, 'surrounded', argumentsKey, argumentsFactory);
  for (const atOnce of messagesATick) {
    const sliceOf = (feed: () => unknown) => async () => {
      handlers.heard = 0;
      const costMicros = await cpuMicrosOf(messagesASlice, async () => {
        for (let fed = 0; fed < messagesASlice; fed += atOnce) {
          for (let one = 0; one < atOnce; one += 1) void feed();
          await nextTick();
        }
      });
      if (handlers.heard !== messagesASlice) throw new Error(`${handlers.heard} messages were handled`);
      return costMicros;
    };
    const taken = await leastCosts(rounds, {
      called: sliceOf(() => handlers.bare(order, message)),
      calledRead: sliceOf(() => handlers.bare(JSON.parse(json) as Order, message)),
      bare: sliceOf(bare),
      read: sliceOf(read),
      surrounded: sliceOf(full),
      nest: sliceOf(() => nest(order, message)),
    });
    report.rounds(
      `@OnTopic, ${atOnce} a tick, over calling the method: µs of CPU a message`,
      taken.map((round) => round.bare - round.called),
      { atMost: 2 },
    );
    report.rounds(
      '  with guard, interceptor, pipe and filter',
      taken.map((round) => round.surrounded - round.called),
      { atMost: 10 },
    );
    report.rounds(
      "  the same by Nest's ExternalContextCreator, without a queue",
      taken.map((round) => round.nest - round.called),
    );
    report.rounds(
      "  bare, from the SDK's item on, over JSON.parse and the method",
      taken.map((round) => round.read - round.calledRead),
    );
  }
  await app.close();
}

async function queueOf(method: FoundMethod, contexts: HandlerContexts): Promise<HandlerQueue> {
  const inFlight = new InFlight();
  const { handling } = new TopicParts(new ScriptedTopics().client, 'bench', createTopicContext());
  const operation = { name: 'OnTopic', cacheName: 'bench', target: 'orders' };
  const log = new HandlerLog({
    logger: new Logger(),
    throttle: new LogThrottle(),
    handling,
    operation,
    name: method.name,
  });
  const call = await contexts.around(method, false);
  return new HandlerQueue({
    call,
    gapCalls: [],
    concurrency: 1,
    buffer: 1_000,
    overflow: 'drop-oldest',
    log,
    inFlight,
  });
}

/** @returns what lets a message arrive that is read, as those of the app's handlers are */
async function reading(method: FoundMethod, contexts: HandlerContexts): Promise<() => void> {
  const scripted = new ScriptedTopics();
  const { handlers } = new TopicParts(scripted.client, 'bench', createTopicContext());
  const call = await contexts.around(method, false);
  await handlers.start(
    method.declarations.map((declaration) => ({ declaration, owner: method.wrapper, call })),
    false,
  );
  return () => scripted.say(json);
}
