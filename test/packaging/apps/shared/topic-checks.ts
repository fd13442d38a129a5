import assert from 'node:assert/strict';
import { CacheClient } from '@gomomento/sdk';
import { Controller, Inject, Injectable, Module, Scope, type Type } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Test } from '@nestjs/testing';
import {
  fromMomentoLocal,
  MomentoModule,
  OnTopic,
  OnTopicGap,
  TopicContext,
  type TopicGap,
  TopicMessage,
  type TopicMessageContext,
  TopicService,
} from 'nestjs-momento';
import { MomentoLocal } from 'nestjs-momento/local';
import { overrideMomento } from 'nestjs-momento/testing';
import { type Checks, withApp } from './running-app.js';
import { gate, Journal, type Order, orders, settled } from './topic-fixture.js';

@Injectable()
class Shipping {
  constructor(readonly journal: Journal) {}

  @OnTopic(orders)
  async ship(order: Order, { topic, cacheName, sequenceNumber }: TopicMessageContext): Promise<void> {
    this.journal.lines.push([order, topic, cacheName, sequenceNumber]);
  }
}

@Injectable()
class Arguments {
  constructor(readonly journal: Journal) {}

  @OnTopic('first')
  valueFirst(value: string, @TopicContext() { cursor }: TopicMessageContext): void {
    this.journal.lines.push([value, /^\d+:1$/.test(cursor)]);
  }

  @OnTopic('second')
  contextFirst(@TopicContext() { topic }: TopicMessageContext, value: string): void {
    this.journal.lines.push([value, topic]);
  }

  @OnTopic('third')
  valueLast(_value: unknown, _context: unknown, @TopicMessage() value: string): void {
    this.journal.lines.push([value]);
  }
}

let made = 0;

@Injectable({ scope: Scope.REQUEST })
class PerMessage {
  readonly number = ++made;

  constructor(@Inject(REQUEST) readonly request: TopicMessageContext) {}
}

@Injectable()
class Requested {
  constructor(
    readonly journal: Journal,
    readonly own: PerMessage,
  ) {}

  @OnTopic(orders)
  hear({ id }: Order): void {
    this.journal.lines.push([id, this.own.number, this.own.request.sequenceNumber]);
  }
}

/** As it is in a controller that also answers requests. */
@Controller()
class ControlledShipping extends Shipping {}

const start = (momento: MomentoLocal, handlers: Type) =>
  Test.createTestingModule({
    imports: [
      MomentoModule.forRoot({
        credentials: fromMomentoLocal({ port: momento.port }),
        cacheName: 'demo-cache',
      }),
    ],
    providers: [Journal, handlers],
  });

export const topicChecks: Checks = {
  'a handler gets every message in order, in providers, controllers and every module': (framework) => {
    @Module({ providers: [Shipping, Journal] })
    class OtherModule {}
    const parts = {
      imports: [OtherModule],
      providers: [Journal, Shipping],
      controllers: [ControlledShipping],
    };
    return withApp(framework, parts, async ({ app, momento, logged }) => {
      await app.get(TopicService).publishMany(orders, [{ id: 1 }, { id: 2 }, { id: 3 }]);
      assert.equal((await settled(app, 9)).handled, 9);
      const expected = [1, 2, 3].map((id) => [{ id }, 'orders', 'demo-cache', id]);
      assert.deepEqual(app.select(OtherModule).get(Journal, { strict: true }).lines, expected);
      assert.equal(app.get(ControlledShipping).journal.lines.length, 6);
      assert.equal(momento.stats().subscriptions, 1);
      assert.deepEqual(logged, []);
    });
  },

  'a handler gets its arguments where the decorators stand': (framework) =>
    withApp(framework, { providers: [Journal, Arguments] }, async ({ app }) => {
      for (const topic of ['first', 'second', 'third']) await app.get(TopicService).publish(topic, 'value');
      assert.equal((await settled(app, 3)).handled, 3);
      const lines = app.get(Journal).lines.map((line) => JSON.stringify(line));
      assert.deepEqual(new Set(lines), new Set(['["value",true]', '["value","second"]', '["value"]']));
    }),

  'a request-scoped provider is made for each message, with its REQUEST': (framework) => {
    made = 0;
    return withApp(framework, { providers: [Journal, PerMessage, Requested] }, async ({ app }) => {
      await app.get(TopicService).publishMany(orders, [{ id: 5 }, { id: 6 }]);
      assert.equal((await settled(app, 2)).handled, 2);
      assert.deepEqual(app.get(Journal).lines, [
        [5, 1, 1],
        [6, 2, 2],
      ]);
    });
  },

  'what has no room is told as a gap': (framework) => {
    const { open, passed } = gate();
    @Injectable()
    class Slow {
      constructor(readonly journal: Journal) {}
      @OnTopic(orders, { buffer: 1 })
      async hear({ id }: Order): Promise<void> {
        await passed;
        this.journal.lines.push(id);
      }
      @OnTopicGap(orders)
      lost({ missed, topic }: TopicGap): void {
        this.journal.lines.push([missed, topic]);
      }
    }
    return withApp(framework, { providers: [Journal, Slow] }, async ({ app }) => {
      await app.get(TopicService).publishMany(orders, [{ id: 1 }, { id: 2 }, { id: 3 }, { id: 4 }]);
      await settled(app, 2);
      open();
      assert.deepEqual(await settled(app, 4), { handled: 2, failed: 0, unreadable: 0, dropped: 2 });
      assert.deepEqual(app.get(Journal).lines, [1, [2, 'orders'], 4]);
    });
  },

  'with overrideMomento the handlers hear, once ready() says so': async () => {
    const momento = await MomentoLocal.start({ port: 0, caches: ['demo-cache'] });
    const app = await overrideMomento(start(momento, Shipping)).compile();
    await app.init();
    const topics = app.get(TopicService);
    await topics.ready();
    await topics.publish(orders, { id: 1 });
    await settled(app, 1);
    assert.equal(app.get(Journal).lines.length, 1);
    assert.deepEqual(momento.stats().calls, {});
    await app.close();
    await momento.stop();
  },

  'with CacheClient replaced the handlers do not listen': async () => {
    const momento = await MomentoLocal.start({ port: 0, caches: ['demo-cache'] });
    const app = await start(momento, Shipping).overrideProvider(CacheClient).useValue({}).compile();
    await app.init();
    await app.get(TopicService).ready();
    assert.deepEqual(momento.stats().calls, {});
    await app.close();
    await momento.stop();
  },
};
