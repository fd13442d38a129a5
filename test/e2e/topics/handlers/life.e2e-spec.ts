import 'reflect-metadata';
import { CacheClient, CredentialProvider, TopicClient } from '@gomomento/sdk';
import { Injectable, Module, type Provider } from '@nestjs/common';
import { Test, type TestingModule } from '@nestjs/testing';
import {
  defineTopic,
  MomentoModule,
  type MomentoModuleOptions,
  OnTopic,
  OnTopicGap,
  type TopicGap,
  TopicService,
} from 'nestjs-momento';
import { MomentoLocal } from 'nestjs-momento/local';
import { MomentoTestingModule, overrideMomento } from 'nestjs-momento/testing';
import { describe, expect, it, vi } from 'vitest';
import { useApps } from '../../../support/apps.js';
import { captureLogs } from '../../../support/capture-logs.js';
import { useEmbeddedServers } from '../../../support/embedded-servers.js';
import { gate, Journal, patient, settled, statsOf } from './handlers.fixture.js';

const servers = useEmbeddedServers();
const { options, startWith, keep } = useApps(servers);
const logs = captureLogs();
const numbers = defineTopic<number>('numbers');

@Injectable()
class Handlers {
  constructor(readonly journal: Journal) {}
  @OnTopic('news')
  hear(value: string) {
    this.journal.note(value);
  }
}

const start = (momento: MomentoModuleOptions, ...providers: Provider[]): Promise<TestingModule> =>
  startWith({ imports: [MomentoModule.forRoot(options(momento))], providers: [Journal, ...providers] });

const compile = async (momento: MomentoModuleOptions): Promise<TestingModule> => {
  const imports = [MomentoModule.forRoot(options(momento))];
  return keep(await Test.createTestingModule({ imports, providers: [Journal, Handlers] }).compile());
};

describe('the boot', () => {
  it.each([
    [
      'permission',
      () => servers.momento.faults.fail('topic-subscribe', 'PERMISSION_DENIED'),
      'MomentoTopicError',
      /give it the role/,
    ],
    [
      'connection',
      () => undefined,
      'MomentoConfigurationError',
      /topic handler Lost\.hear finds no Momento connection 'lost'.*with that name/s,
    ],
    ['cache', () => undefined, 'MomentoConfigurationError', /'nowhere'.*createCaches/s],
  ])(
    'fails without the %s of a handler, says what to do, and leaves nothing open',
    async (what, prepare, name, advice) => {
      @Injectable()
      class Lost {
        @OnTopic('news', {
          ...(what === 'connection' && { connection: 'lost' }),
          ...(what === 'cache' && { cacheName: 'nowhere' }),
        })
        hear() {}
      }
      prepare();
      const failure: unknown = await start({}, Lost).catch((error: unknown) => error);
      expect(failure).toMatchObject({ name, message: expect.stringMatching(advice) });
      expect(String(failure)).not.toContain(servers.apiKey);
      expect(servers.momento.stats().subscriptions).toBe(0);
    },
  );

  it('makes the caches of handlers when it makes caches', async () => {
    @Injectable()
    class Elsewhere {
      @OnTopic('news', { cacheName: 'elsewhere' })
      hear() {}
    }
    await start({ createCaches: true }, Elsewhere);
    expect(servers.momento.stats().subscriptions).toBe(1);
  });

  it('goes on without Momento when it may, and the handlers hear as soon as it is there', async () => {
    servers.momento.faults.fail('topic-subscribe', 'UNAVAILABLE');
    const app = await compile({ onConnectError: 'degrade' });
    logs.start();
    await app.init();
    const topics = app.get(TopicService);
    let isReady = false;
    const ready = topics.ready().then(() => (isReady = true));
    expect(isReady).toBe(false);
    expect(logs.lines.filter((line) => line.includes('hears nothing yet'))).toHaveLength(1);
    servers.momento.faults.clear();
    await ready;
    await topics.publish('news', 'hello');
    await vi.waitFor(() => expect(app.get(Journal).lines).toEqual(['hello']), patient);
  });

  it('does not end while handlers are still tried: close() ends that, and at once', async () => {
    servers.momento.faults.fail('topic-subscribe', 'UNAVAILABLE');
    const app = await start({ onConnectError: 'degrade' }, Handlers);
    const beganMs = performance.now();
    await app.close();
    expect(performance.now() - beganMs).toBeLessThan(2_000);
    await expect(app.get(TopicService).ready()).resolves.toBeUndefined();
  });

  it.each([
    [
      { buffer: 0, concurrency: 1.5, overflow: 'drop' as never },
      ['buffer: must be a whole number, 1 or more', 'concurrency:', 'overflow:'],
    ],
    [{ ttl: 1 } as never, ['ttl: is not an option']],
  ])('is not even reached with options that are wrong: %j', (given, problems) => {
    for (const problem of problems) expect(() => OnTopic('news', given)).toThrow(problem);
    expect(() => OnTopic('')).toThrow('the topic: must be a filled string');
    expect(() => OnTopicGap('news', { buffer: 1 } as never)).toThrow('buffer: is not an option');
  });
});

it('a handler that Nest would not find is refused where it is declared', () => {
  const descriptor = { value: () => undefined };
  for (const [target, name] of [
    [Handlers.prototype, Symbol('hear')],
    [Handlers, 'hear'],
  ] as const)
    expect(() => OnTopic('news')(target, name, descriptor)).toThrow(/@OnTopic\('news'\) .* name is a symbol/);
});

describe('under test', () => {
  const builder = () =>
    Test.createTestingModule({ imports: [MomentoModule.forRoot(options())], providers: [Journal, Handlers] });

  it.each([[CacheClient], [TopicClient], [TopicService]])(
    'with %o replaced, nothing leaves the process',
    async (token) => {
      const app = keep(await builder().overrideProvider(token).useValue({}).compile());
      await app.init();
      expect(servers.secrets.callCount()).toBe(0);
      expect(servers.momento.stats().calls).toEqual({});
      if (token !== TopicService) await app.get(TopicService).ready();
    },
  );

  it('overrideMomento has handlers on the embedded Momento, which ready() awaits', async () => {
    const app = keep(await overrideMomento(builder()).compile());
    await app.init();
    const topics = app.get(TopicService);
    await topics.ready();
    await topics.publish('news', 'hello');
    await settled(app, 1);
    expect(app.get(Journal).lines).toEqual(['hello']);
    expect(servers.momento.stats().calls).toEqual({});
  });

  it('ready() says what the boot did not wait for', async () => {
    const app = keep(await overrideMomento(builder()).compile());
    logs.start();
    app.get(MomentoLocal).faults.fail('topic-subscribe', 'PERMISSION_DENIED');
    await app.init();
    await expect(app.get(TopicService).ready()).rejects.toMatchObject({
      name: 'MomentoTopicError',
      code: 'PERMISSION_ERROR',
    });
    expect(logs.lines).toEqual([expect.stringContaining('PERMISSION_ERROR')]);
  });

  it('MomentoTestingModule has them at once', async () => {
    const app = await startWith({
      imports: [MomentoTestingModule.forRoot()],
      providers: [Journal, Handlers],
    });
    await app.get(TopicService).publish('news', 'hello');
    expect(await settled(app, 1)).toMatchObject({ handled: 1 });
  });

  it('two apps in one process have their own', async () => {
    const apps = [await start({}, Handlers), await start({}, Handlers)];
    await apps[0]?.get(TopicService).publish('news', 'hello');
    for (const app of apps) await settled(app, 1);
    await apps[0]?.close();
    await apps[1]?.get(TopicService).publish('news', 'again');
    await settled(apps[1] as TestingModule, 2);
    expect(apps.map((app) => app.get(Journal).lines)).toEqual([['hello'], ['hello', 'again']]);
  });
});

describe('a gap of Momento', () => {
  it('is told once a class, where the missing messages would have come, and said where nobody is told', async () => {
    let nowMs = Date.now();
    const momento = await MomentoLocal.start({ caches: ['demo-cache'], now: () => nowMs });
    @Injectable()
    class Told {
      constructor(readonly journal: Journal) {}
      @OnTopic(numbers)
      hear(value: number) {
        this.journal.note(value);
      }
      @OnTopic(numbers)
      hearToo() {}
      @OnTopicGap(numbers)
      lost({ missed, topic }: TopicGap) {
        this.journal.note([missed, topic]);
      }
    }
    @Injectable()
    class Untold {
      @OnTopic(numbers)
      hear() {}
    }
    @Injectable()
    class GapsAlone {
      constructor(readonly journal: Journal) {}
      @OnTopicGap(numbers)
      lost({ missed }: TopicGap) {
        this.journal.note(`alone ${missed}`);
      }
    }
    const app = await start(
      {
        credentials: CredentialProvider.forMomentoLocal({ hostname: momento.hostname, port: momento.port }),
        endpoint: undefined,
      },
      Told,
      Untold,
      GapsAlone,
    );
    logs.start();
    const topics = app.get(TopicService);
    await topics.publishMany(numbers, [1, 2]);
    await vi.waitFor(() => expect(app.get(Journal).lines).toEqual([1, 2]), patient);
    momento.faults.fail('topic-subscribe', 'UNAVAILABLE');
    momento.faults.cut('topic-subscribe');
    await topics.publishMany(numbers, [3, 4, 5]);
    nowMs += 8_000;
    momento.faults.clear();
    await topics.publish(numbers, 6);
    const all = [1, 2, [3, 'numbers'], 6, 'alone 3'];
    await vi.waitFor(() => expect(app.get(Journal).lines).toHaveLength(all.length), patient);
    expect(app.get(Journal).lines.filter((line) => typeof line !== 'string')).toEqual(all.slice(0, 4));
    expect(app.get(Journal).lines).toContain('alone 3');
    expect(logs.lines.filter((line) => line.includes('were lost'))).toEqual([
      expect.stringMatching(/3 messages of topic 'numbers' .* Declare @OnTopicGap/),
    ]);
    await app.close();
    await momento.stop();
  });
});

describe('shutdown', () => {
  const { open, passed } = gate();
  let order: string[] = [];

  @Injectable()
  class Slow {
    constructor(readonly topics: TopicService) {}
    @OnTopic('news')
    async hear(value: string) {
      order.push(`begins ${value}`);
      await passed;
      await this.topics.publish('other', value);
      order.push(`ends ${value}`);
    }
  }
  @Module({})
  class Database {
    onApplicationShutdown() {
      order.push('the database closes');
    }
  }

  it('lets a running handler end, with everything still usable; what waits is counted and said', async () => {
    order = [];
    const app = await startWith({
      imports: [MomentoModule.forRoot(options()), Database],
      providers: [Slow],
    });
    logs.start();
    await app.get(TopicService).publishMany('news', ['one', 'two', 'three']);
    await vi.waitFor(() => expect(statsOf(app)).toMatchObject({ running: 1, waiting: 2 }), patient);
    const closed = app.close();
    await vi.waitFor(
      () => expect(statsOf(app)).toMatchObject({ running: 1, waiting: 0, dropped: 2 }),
      patient,
    );
    open();
    await closed;
    expect(order).toEqual(['begins one', 'ends one', 'the database closes']);
    expect(statsOf(app)).toMatchObject({ received: 3, handled: 1, dropped: 2, running: 0 });
    expect(logs.lines.filter((line) => line.includes('waited for'))).toEqual([
      expect.stringMatching(
        /^warn \[TopicService\] 2 messages of topic 'news' .* waited for the handler 'Slow\.hear'/,
      ),
    ]);
    await vi.waitFor(() => expect(servers.momento.stats().subscriptions).toBe(0), patient);
  });

  it('does not wait for a handler that hangs, beyond the limit and only once', async () => {
    @Injectable()
    class Hanging {
      @OnTopic('news')
      hear() {
        return new Promise<void>(() => undefined);
      }
    }
    const app = await start({ shutdownTimeoutSeconds: 0.3 }, Hanging);
    logs.start();
    await app.get(TopicService).publish('news', 'one');
    await vi.waitFor(() => expect(statsOf(app).running).toBe(1), patient);
    const beganMs = performance.now();
    await app.close();
    const tookMs = performance.now() - beganMs;
    expect(tookMs).toBeGreaterThan(290);
    expect(tookMs).toBeLessThan(600);
    expect(logs.lines).toEqual([
      expect.stringContaining('1 calls or handlers are still under way after 0.3 s'),
    ]);
  });
});
