import {
  CredentialProvider,
  NoopMomentoLoggerFactory,
  TopicClient,
  TopicConfigurations,
  TopicPublish,
  TopicSubscribe,
} from '@gomomento/sdk';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { fromMomentoLocal, MomentoModule, OnTopic, TopicService } from 'nestjs-momento';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OtherProcess } from '../other-process.js';
import { interleave, type Report } from '../report.js';
import type { Order } from './handlers.js';

const rounds = 15;
const messagesASlice = 500;
const publishesAtOnce = 20;
/** The first stream of the SDK's client is cut after 5 s, and begins anew half a second later; the next ones live on. */
const cutAfterMs = 6_000;
const order: Order = { id: 1 };

/** Waits for messages, and counts them. */
class Arrivals {
  #awaited = 0;
  #onLast: () => void = () => undefined;

  arrived({ id }: Order): void {
    this.#awaited -= id;
    if (this.#awaited === 0) this.#onLast();
  }

  /** Resolves when so many have arrived from now on. */
  next(count: number): Promise<void> {
    this.#awaited = count;
    return new Promise((resolve) => (this.#onLast = resolve));
  }
}

@Injectable()
class Orders {
  readonly arrivals = new Arrivals();

  @OnTopic('ours')
  async hear(heard: Order): Promise<void> {
    this.arrivals.arrived(heard);
  }
}

/** From the publisher to the handler and back in one process, over the server in another one; beside the SDK's own client. */
export async function measureRate(report: Report, server: OtherProcess): Promise<void> {
  const root = MomentoModule.forRoot({
    credentials: fromMomentoLocal({ port: server.port }),
    cacheName: 'bench',
  });
  const app = await Test.createTestingModule({ imports: [root], providers: [Orders] }).compile();
  await app.init();
  const topics = app.get(TopicService);
  const raw = new TopicClient({
    configuration: TopicConfigurations.Default.latest(new NoopMomentoLoggerFactory()),
    credentialProvider: CredentialProvider.forMomentoLocal({ hostname: '127.0.0.1', port: server.port }),
  });
  const rawArrivals = new Arrivals();
  const subscription = await raw.subscribe('bench', 'raw', {
    onItem: (item) => rawArrivals.arrived(JSON.parse(item.valueString()) as Order),
  });
  if (subscription instanceof TopicSubscribe.Error) throw subscription.innerException();
  const publishRaw = async () => {
    const response = await raw.publish('bench', 'raw', JSON.stringify(order));
    if (response instanceof TopicPublish.Error) throw response.innerException();
  };

  const cpuMicros = { ours: [] as number[], raw: [] as number[] };
  const perSecond = (kind: 'ours' | 'raw', arrivals: Arrivals, publish: () => Promise<void>) => async () => {
    const before = process.cpuUsage();
    const startedAtMs = performance.now();
    const last = arrivals.next(messagesASlice);
    for (let sent = 0; sent < messagesASlice; sent += publishesAtOnce)
      await Promise.all(Array.from({ length: publishesAtOnce }, publish));
    await last;
    const tookSeconds = (performance.now() - startedAtMs) / 1000;
    const { user, system } = process.cpuUsage(before);
    cpuMicros[kind].push((user + system) / messagesASlice);
    return messagesASlice / tookSeconds;
  };
  const measures = {
    ours: perSecond('ours', app.get(Orders).arrivals, () => topics.publish('ours', order)),
    raw: perSecond('raw', rawArrivals, publishRaw),
  };
  await sleep(cutAfterMs);
  await interleave(3, measures);
  cpuMicros.ours.length = 0;
  cpuMicros.raw.length = 0;
  const taken = await interleave(rounds, measures);
  report.rounds(
    `TopicService.publish to @OnTopic, ${publishesAtOnce} at a time, messages a second`,
    taken.map(({ ours }) => ours),
  );
  report.rounds(
    '  by the raw TopicClient and JSON',
    taken.map((round) => round.raw),
  );
  report.rounds(
    '  rate over the raw one',
    taken.map((round) => round.ours / round.raw),
  );
  report.rounds(
    '  CPU a message over the raw one',
    cpuMicros.ours.map((ours, round) => ours / (cpuMicros.raw[round] ?? Number.NaN)),
  );
  subscription.unsubscribe();
  await app.close();
}
