import 'reflect-metadata';
import {
  type CanActivate,
  Injectable,
  Module,
  type PipeTransform,
  type Provider,
  Scope,
  UseGuards,
} from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  MomentoModule,
  type MomentoModuleOptions,
  OnTopic,
  TopicMessage,
  TopicService,
} from 'nestjs-momento';
import { EMPTY, firstValueFrom } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { useApps } from '../../../support/apps.js';
import { captureLogs } from '../../../support/capture-logs.js';
import { useEmbeddedServers } from '../../../support/embedded-servers.js';
import { Journal, patient, settled } from './handlers.fixture.js';

const servers = useEmbeddedServers();
const { options, startWith } = useApps(servers);
const logs = captureLogs();

abstract class Noting implements CanActivate {
  static made = 0;
  readonly number = (Noting.made += 1);
  abstract readonly journal: Journal;
  canActivate(): boolean {
    this.journal.note(this.constructor.name);
    return true;
  }
}
@Injectable()
class Guard extends Noting {
  constructor(readonly journal: Journal) {
    super();
  }
}
@Injectable({ scope: Scope.TRANSIENT })
class TransientGuard extends Noting {
  constructor(readonly journal: Journal) {
    super();
  }
}
@Injectable({ scope: Scope.REQUEST })
class RequestGuard extends Noting {
  constructor(readonly journal: Journal) {
    super();
  }
}

@Injectable()
@UseGuards(Guard)
class GuardedClass {
  constructor(readonly journal: Journal) {}
  @OnTopic('news')
  hear(value: string) {
    this.journal.note(value);
  }
}
@Injectable()
class GuardedMethod {
  constructor(readonly journal: Journal) {}
  @OnTopic('news')
  @UseGuards(Guard)
  hear(value: string) {
    this.journal.note(value);
  }
}
@Injectable()
class Bound extends GuardedMethod {
  constructor(journal: Journal) {
    super(journal);
    this.hear = this.hear.bind(this);
  }
}
@Injectable()
@UseGuards(RequestGuard, TransientGuard)
class Scoped {
  constructor(readonly journal: Journal) {}
  @OnTopic('news')
  hear(value: string) {
    this.journal.note(value);
  }
}

/** As those do who count or trace calls: every function is bound, the class too. */
const behindProxy = <T extends object>(target: T): T =>
  new Proxy(target, {
    get: (object, name) => {
      const value: unknown = Reflect.get(object, name);
      return typeof value === 'function' ? (value.bind(object) as unknown) : value;
    },
  });
const made = (make: (journal: Journal) => object): Provider => ({
  provide: 'handlers',
  inject: [Journal],
  useFactory: make,
});

async function start(momento: MomentoModuleOptions, ...providers: Provider[]) {
  const app = await startWith({
    imports: [MomentoModule.forRoot(options(momento))],
    providers: [Journal, ...providers],
  });
  logs.start();
  return { app, topics: app.get(TopicService), journal: app.get(Journal) };
}

describe('no guard is passed over', () => {
  it.each<[string, Provider]>([
    ['a class under another name', { provide: 'handlers', useClass: GuardedClass }],
    ['a factory, on the class', made((journal) => new GuardedClass(journal))],
    ['a factory, on the method', made((journal) => new GuardedMethod(journal))],
    ['a proxy, on the class', made((journal) => behindProxy(new GuardedClass(journal)))],
    ['a proxy, on the method', made((journal) => behindProxy(new GuardedMethod(journal)))],
    ['a class that binds its method', Bound],
  ])('of %s', async (_what, provider) => {
    const { app, topics, journal } = await start({}, provider);
    await topics.publishMany('news', ['one', 'two']);
    expect(await settled(app, 2)).toMatchObject({ handled: 2 });
    expect([journal.lines, logs.lines]).toEqual([['Guard', 'one', 'Guard', 'two'], []]);
  });

  it('of a value', async () => {
    const own = new Journal();
    const { app, topics, journal } = await start(
      {},
      { provide: 'handlers', useValue: new GuardedMethod(own) },
    );
    await topics.publish('news', 'one');
    expect(await settled(app, 1)).toMatchObject({ handled: 1 });
    expect([journal.lines, own.lines]).toEqual([['Guard'], ['one']]);
  });

  it.each<[string, Provider]>([
    ['class', Scoped],
    ['factory', made((journal) => new Scoped(journal))],
  ])('of a %s, transient and request-scoped', async (_what, provider) => {
    const before = Noting.made;
    const { app, topics, journal } = await start({}, provider);
    await topics.publishMany('news', ['one', 'two']);
    expect(await settled(app, 2)).toMatchObject({ handled: 2 });
    const lines = ['RequestGuard', 'TransientGuard'];
    expect([journal.lines, logs.lines]).toEqual([[...lines, 'one', ...lines, 'two'], []]);
    expect(Noting.made - before).toBeGreaterThanOrEqual(3);
  });

  it('that is transient, and the only one', async () => {
    @Injectable()
    class Handlers extends GuardedClass {}
    Reflect.defineMetadata('__guards__', [TransientGuard], Handlers);
    const { app, topics, journal } = await start({}, Handlers);
    await topics.publish('news', 'one');
    expect(await settled(app, 1)).toMatchObject({ handled: 1 });
    expect(journal.lines).toEqual(['TransientGuard', 'one']);
  });

  it.each([
    [Scope.REQUEST, RequestGuard],
    [Scope.TRANSIENT, TransientGuard],
  ])('of the app, of scope %s, when the connection asks for the global ones', async (scope, useClass) => {
    const global = { provide: APP_GUARD, useClass, scope };
    const asked = await start({ topics: { globalEnhancers: true } }, GuardedMethod, global);
    await asked.topics.publishMany('news', ['one', 'two']);
    await settled(asked.app, 2);
    expect(asked.journal.lines).toEqual([useClass.name, 'Guard', 'one', useClass.name, 'Guard', 'two']);

    const plain = await start({}, GuardedMethod, global);
    await plain.topics.publish('news', 'one');
    await settled(plain.app, 1);
    expect(plain.journal.lines).toEqual(['Guard', 'one']);
  });

  it('that cannot be made: the boot fails, and says why', async () => {
    @Module({ providers: [{ provide: 'handlers', useFactory: () => new GuardedMethod(new Journal()) }] })
    class WithoutJournal {}
    const boot = startWith({ imports: [MomentoModule.forRoot(options()), WithoutJournal] });
    await expect(boot).rejects.toThrow(/dependencies of the Guard .*Journal/s);
    expect(servers.momento.stats().subscriptions).toBe(0);
  });
});

describe('a handler', () => {
  it('has its own arguments and pipes, also beside a class of the same name', async () => {
    @Injectable()
    class Louder implements PipeTransform {
      transform = (value: unknown) => `${String(value)}!`;
    }
    const classes = [0, 1].map((index) => {
      @Injectable()
      class Handlers {
        constructor(readonly journal: Journal) {}
        hear(...args: unknown[]) {
          this.journal.note([index, args[index]]);
        }
      }
      TopicMessage(...(index === 1 ? [Louder] : []))(Handlers.prototype, 'hear', index);
      const descriptor = Object.getOwnPropertyDescriptor(Handlers.prototype, 'hear');
      if (descriptor !== undefined) OnTopic('news')(Handlers.prototype, 'hear', descriptor);
      return Handlers;
    });
    const { topics, journal } = await start({}, ...classes);
    await topics.publish('news', 'one');
    await vi.waitFor(() => expect(journal.lines).toHaveLength(2), patient);
    expect(journal.lines).toEqual([
      [0, 'one'],
      [1, 'one!'],
    ]);
  });

  it('that fails because an Observable of its own was empty has failed', async () => {
    @Injectable()
    class Handlers {
      @OnTopic('news')
      hear(value: string) {
        return value === 'empty' ? EMPTY : firstValueFrom(EMPTY);
      }
    }
    const { app, topics } = await start({}, Handlers);
    await topics.publishMany('news', ['empty', 'fails']);
    expect(await settled(app, 2)).toMatchObject({ handled: 1, failed: 1 });
    expect(logs.lines).toEqual([expect.stringContaining('EmptyError')]);
  });
});
