import 'reflect-metadata';
import { Controller, Inject, Injectable, Module, type Provider, Scope, type Type } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import type { TestingModule } from '@nestjs/testing';
import {
  defineTopic,
  getTopicServiceToken,
  MomentoModule,
  type MomentoModuleOptions,
  OnTopic,
  OnTopicGap,
  TopicContext,
  type TopicGap,
  TopicMessage,
  type TopicMessageContext,
  TopicService,
} from 'nestjs-momento';
import { describe, expect, it, vi } from 'vitest';
import { useApps } from '../../../support/apps.js';
import { captureLogs } from '../../../support/capture-logs.js';
import { useEmbeddedServers } from '../../../support/embedded-servers.js';
import { gate, Journal, patient, settled, statsOf } from './handlers.fixture.js';

interface Order {
  readonly id: number;
}
const orders = defineTopic<Order>('orders');

const servers = useEmbeddedServers();
const { options, startWith } = useApps(servers);
const logs = captureLogs();
const subscriptions = () => servers.momento.stats().subscriptions;

async function start(
  provider: Provider,
  { momento, ...more }: { momento?: MomentoModuleOptions; providers?: Provider[]; controllers?: Type[] } = {},
): Promise<{ app: TestingModule; topics: TopicService; journal: Journal }> {
  const { providers = [], controllers = [] } = more;
  const app = await startWith({
    imports: [MomentoModule.forRoot(options(momento))],
    providers: [Journal, provider, ...providers],
    controllers,
  });
  return { app, topics: app.get(TopicService), journal: app.get(Journal) };
}

@Injectable()
class Shipping {
  constructor(readonly journal: Journal) {}

  @OnTopic(orders)
  async ship(order: Order, context: TopicMessageContext): Promise<void> {
    if ('publisherId' in context) throw new Error('nobody here has an id');
    this.journal.note([order, context.topic, context.cacheName, context.sequenceNumber]);
  }
}

describe('@OnTopic', () => {
  it('hears every message since the boot, with its place, in order', async () => {
    const { app, topics, journal } = await start(Shipping);
    await topics.publishMany(orders, [{ id: 1 }, { id: 2 }, { id: 3 }]);
    await settled(app, 3);
    expect(journal.lines).toEqual([1, 2, 3].map((id) => [{ id }, 'orders', 'demo-cache', id]));
    expect(topics.stats()).toEqual({
      subscriptions: { total: 1, failed: 0 },
      handlers: [
        {
          handler: 'Shipping.ship',
          topic: 'orders',
          cacheName: 'demo-cache',
          received: 3,
          handled: 3,
          failed: 0,
          unreadable: 0,
          dropped: 0,
          waiting: 0,
          running: 0,
        },
      ],
    });
    expect(subscriptions()).toBe(1);
  });

  it('gets its arguments where the decorators stand, and the value first where none does', async () => {
    @Injectable()
    class Handlers {
      constructor(readonly journal: Journal) {}
      @OnTopic('a')
      first(value: unknown, @TopicContext() { cursor }: TopicMessageContext) {
        this.journal.note(['a', value, cursor.endsWith(':1')]);
      }
      @OnTopic('b')
      second(@TopicContext() context: TopicMessageContext, value: unknown) {
        this.journal.note(['b', value, context.topic]);
      }
      @OnTopic('c')
      third(_nothing: unknown, more: unknown, @TopicMessage() value: unknown) {
        this.journal.note(['c', value, Object(more).topic]);
      }
      @OnTopic('d')
      @OnTopic('e')
      both(@TopicMessage() value: unknown) {
        this.journal.note(value);
      }
    }
    const { topics, journal } = await start(Handlers);
    for (const topic of ['a', 'b', 'c', 'd', 'e']) await topics.publish(topic, topic);
    await vi.waitFor(() => expect(journal.lines).toHaveLength(5), patient);
    expect(new Set(journal.lines)).toEqual(
      new Set([['a', 'a', true], ['b', 'b', 'b'], ['c', 'c', 'c'], 'd', 'e']),
    );
  });

  it('stands in providers and controllers, inherited, made by a factory, in every module, once for aliases', async () => {
    @Injectable()
    class Base {
      constructor(readonly journal: Journal) {}
      @OnTopic('news')
      hear(value: string) {
        this.journal.note(`${this.constructor.name} ${value}`);
      }
    }
    @Injectable()
    class Derived extends Base {}
    @Controller()
    class Controlling extends Base {}
    @Module({ providers: [{ provide: 'made', useFactory: () => new Base(other) }] })
    class OtherModule {}
    const other = new Journal();
    const app = await startWith({
      imports: [MomentoModule.forRoot(options()), OtherModule],
      providers: [Journal, Base, Derived, { provide: 'alias', useExisting: Base }],
      controllers: [Controlling],
    });
    await app.get(TopicService).publish('news', 'hello');
    const journal = app.get(Journal);
    await vi.waitFor(() => expect([journal.lines.length, other.lines.length]).toEqual([3, 1]), patient);
    expect(new Set(journal.lines)).toEqual(new Set(['Base hello', 'Controlling hello', 'Derived hello']));
    expect(subscriptions()).toBe(1);
  });

  it('listens by the connection that it, or the topic, names', async () => {
    const reports = defineTopic<string>('reports', { connection: 'analytics', cacheName: 'others' });
    servers.momento.createCache('others');
    @Injectable()
    class Handlers {
      constructor(readonly journal: Journal) {}
      @OnTopic(reports)
      report(value: string) {
        this.journal.note(value);
      }
      @OnTopic('news', { connection: 'analytics', cacheName: 'others' })
      news(value: string) {
        this.journal.note(value);
      }
    }
    const app = await startWith({
      imports: [MomentoModule.forRoot(options()), MomentoModule.forRoot({ ...options(), name: 'analytics' })],
      providers: [Journal, Handlers],
    });
    const analytics = app.get<TopicService>(getTopicServiceToken('analytics'));
    await analytics.publish(reports, 'a report');
    await analytics.publish('news', 'news', { cacheName: 'others' });
    await vi.waitFor(() => expect(app.get(Journal).lines).toEqual(['a report', 'news']), patient);
    expect(app.get(TopicService).stats().handlers).toEqual([]);
    await expect(app.get(TopicService).publish(reports, 'x')).rejects.toMatchObject({
      name: 'MomentoConfigurationError',
      code: 'other-connection',
      message: expect.stringContaining('Use the TopicService of its connection'),
    });
  });

  it.each([Scope.REQUEST, Scope.TRANSIENT])(
    'makes a provider of scope %s for each message',
    async (scope) => {
      let made = 0;
      @Injectable({ scope })
      class Handlers {
        readonly number = (made += 1);
        constructor(
          readonly journal: Journal,
          @Inject(REQUEST) readonly request: TopicMessageContext,
        ) {}
        @OnTopic(orders)
        hear({ id }: Order) {
          this.journal.note([id, this.number, this.request.sequenceNumber]);
        }
      }
      const { app, topics, journal } = await start(Handlers);
      await topics.publishMany(orders, [{ id: 1 }, { id: 2 }]);
      await settled(app, 2);
      expect(made).toBe(2);
      expect(journal.lines).toEqual([
        [1, 1, 1],
        [2, 2, 2],
      ]);
    },
  );

  it('is called once at a time, unless concurrency says more', async () => {
    const gates = [gate(), gate()];
    let most = 0;
    let now = 0;
    @Injectable()
    class Handlers {
      @OnTopic('one')
      async one() {
        await this.#count(gates[0]?.passed);
      }
      @OnTopic('three', { concurrency: 3 })
      async three() {
        await this.#count(gates[1]?.passed);
      }
      async #count(passed: Promise<void> | undefined) {
        now += 1;
        most = Math.max(most, now);
        await passed;
        now -= 1;
      }
    }
    const { app, topics } = await start(Handlers);
    for (const [index, handler, expected] of [
      [0, 'one', 1],
      [1, 'three', 3],
    ] as const) {
      most = 0;
      await topics.publishMany(handler, [1, 2, 3, 4, 5]);
      await vi.waitFor(
        () =>
          expect(statsOf(app, `Handlers.${handler}`)).toMatchObject({
            received: 5,
            running: expected,
            waiting: 5 - expected,
          }),
        patient,
      );
      gates[index]?.open();
      await vi.waitFor(() => expect(statsOf(app, `Handlers.${handler}`).handled).toBe(5), patient);
      expect(most).toBe(expected);
    }
  });

  it.each([
    ['drop-oldest', [0, 4, 5], [[1, 3]]],
    ['drop-newest', [0, 1, 2], [[3, 5]]],
  ] as const)(
    'drops what has no room, %s, counts it, says it and tells it as a gap',
    async (overflow, kept, gaps) => {
      const { open, passed } = gate();
      @Injectable()
      class Handlers {
        constructor(readonly journal: Journal) {}
        @OnTopic('numbers', { buffer: 2, overflow })
        async hear(value: number) {
          await passed;
          this.journal.note(value);
        }
        @OnTopicGap('numbers')
        gap({ from, to, missed }: TopicGap) {
          const [first, last] = [from, to].map((cursor) => Number(cursor.split(':')[1]));
          expect(missed).toBe((last ?? 0) - (first ?? 0));
          this.journal.note([first, (last ?? 0) - 1]);
        }
      }
      const { app, topics, journal } = await start(Handlers);
      logs.start();
      await topics.publishMany('numbers', [0, 1, 2, 3, 4, 5]);
      await vi.waitFor(() => expect(statsOf(app).received).toBe(6), patient);
      expect(statsOf(app)).toMatchObject({ dropped: 3, waiting: 2, running: 1, handled: 0 });
      open();
      await settled(app, 6);
      await vi.waitFor(() => expect(journal.lines).toHaveLength(4), patient);
      expect(journal.lines.filter((line) => typeof line === 'number')).toEqual(kept);
      expect(journal.lines.filter(Array.isArray)).toEqual(gaps);
      const overflows = logs.lines.filter((line) => line.includes('was dropped'));
      expect(overflows).toEqual([
        expect.stringMatching(
          /^warn \[TopicService\] A message of topic 'numbers' .* 2 wait already for the handler 'Handlers\.hear'/,
        ),
      ]);
    },
  );

  it('goes on after messages at which it fails: they are counted, and said at most every 10 s', async () => {
    @Injectable()
    class Handlers {
      constructor(readonly journal: Journal) {}
      @OnTopic('numbers')
      hear(value: number) {
        this.journal.note(value);
        if (value % 2 === 1) throw new Error('odd\nand two lines');
        return value === 2 ? Promise.reject(new Error('later')) : undefined;
      }
    }
    const { app, topics, journal } = await start(Handlers);
    logs.start();
    await topics.publishMany('numbers', [1, 2, 3, 4]);
    expect(await settled(app, 4)).toMatchObject({ handled: 1, failed: 3 });
    expect(journal.lines).toEqual([1, 2, 3, 4]);
    expect(logs.lines).toEqual([
      expect.stringMatching(
        /^error \[TopicService\] The handler 'Handlers\.hear' failed on message \d+:1 of topic 'numbers' in cache 'demo-cache'\..*odd and two lines/s,
      ),
    ]);
  });
});
