import 'reflect-metadata';
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  createParamDecorator,
  type ExceptionFilter,
  type ExecutionContext,
  ForbiddenException,
  Injectable,
  type NestInterceptor,
  ParseIntPipe,
  type PipeTransform,
  type Provider,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
  ValidationPipe,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import type { TestingModule } from '@nestjs/testing';
import { IsInt } from 'class-validator';
import {
  defineTopic,
  MomentoMessageError,
  MomentoModule,
  type MomentoModuleOptions,
  OnTopic,
  OnTopicGap,
  type StandardSchema,
  type TopicGap,
  TopicMessage,
  TopicService,
} from 'nestjs-momento';
import { EMPTY, map, throwError } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { useApps } from '../../../support/apps.js';
import { captureLogs } from '../../../support/capture-logs.js';
import { useEmbeddedServers } from '../../../support/embedded-servers.js';
import { gate, Journal, patient, settled, statsOf } from './handlers.fixture.js';

const servers = useEmbeddedServers();
const { options, startWith } = useApps(servers);
const logs = captureLogs();

/** Notes that it was asked, and where; it lets pass what is not 'forbidden'. */
@Injectable()
class Guard implements CanActivate {
  constructor(readonly journal: Journal) {}
  canActivate(context: ExecutionContext): boolean {
    const [value, { topic }] = context.getArgs<[unknown, { topic: string }]>();
    this.journal.note(['guard', context.getType(), context.getHandler().name, value, topic]);
    return value !== 'forbidden';
  }
}

@Injectable()
class Interceptor implements NestInterceptor {
  constructor(readonly journal: Journal) {}
  intercept(context: ExecutionContext, next: CallHandler) {
    this.journal.note(['before', context.getType()]);
    return next.handle().pipe(map(() => this.journal.note(['after'])));
  }
}

@Injectable()
class Pipe implements PipeTransform {
  constructor(readonly journal: Journal) {}
  transform(value: unknown) {
    return typeof value === 'string' ? `${value}, piped` : value;
  }
}

/** Answers nothing, as most do. */
@Catch()
@Injectable()
class Filter implements ExceptionFilter {
  constructor(readonly journal: Journal) {}
  catch(error: Error, host: ArgumentsHost): void {
    this.journal.note(['filter', host.getType(), error.name, host.getArgByIndex(1).topic]);
  }
}

async function start(momento: MomentoModuleOptions, ...providers: Provider[]) {
  const app: TestingModule = await startWith({
    imports: [MomentoModule.forRoot(options(momento))],
    providers: [Journal, ...providers],
  });
  logs.start();
  return { app, topics: app.get(TopicService), journal: app.get(Journal) };
}

describe('around a handler', () => {
  it('stand guards, interceptors and pipes of the class and the method, with their own context type', async () => {
    @Injectable()
    @UseGuards(Guard)
    @UsePipes(Pipe)
    class Handlers {
      constructor(readonly journal: Journal) {}
      @OnTopic('news')
      @UseInterceptors(Interceptor)
      hear(value: string) {
        this.journal.note(value);
      }
    }
    const { app, topics, journal } = await start({}, Handlers);
    await topics.publishMany('news', ['hello', 'forbidden']);
    expect(await settled(app, 2)).toMatchObject({ handled: 1, failed: 1 });
    expect(journal.lines).toEqual([
      ['guard', 'momento-topic', 'hear', 'hello', 'news'],
      ['before', 'momento-topic'],
      'hello, piped',
      ['after'],
      ['guard', 'momento-topic', 'hear', 'forbidden', 'news'],
    ]);
    expect(logs.lines).toEqual([expect.stringContaining('ForbiddenException: Forbidden resource')]);
  });

  it('stand pipes of a parameter, ValidationPipe with its class, and decorators of one’s own', async () => {
    class Order {
      @IsInt() id!: number;
    }
    const Place = createParamDecorator(
      (_data: unknown, context: ExecutionContext) => context.getArgByIndex<{ topic: string }>(1).topic,
    );
    @Injectable()
    class Handlers {
      constructor(readonly journal: Journal) {}
      @OnTopic('numbers')
      number(@TopicMessage(ParseIntPipe) value: number, @Place() place: string) {
        this.journal.note([value, place]);
      }
      @OnTopic('orders')
      @UsePipes(new ValidationPipe({ transform: true }))
      order(order: Order) {
        this.journal.note([order instanceof Order, order.id]);
      }
    }
    const { topics, journal } = await start({}, Handlers);
    await topics.publishMany('numbers', ['12', 'x']);
    await topics.publishMany('orders', [{ id: 1 }, { id: 'x' }]);
    await vi.waitFor(
      () =>
        expect(topics.stats().handlers.map(({ handled, failed }) => [handled, failed])).toEqual([
          [1, 1],
          [1, 1],
        ]),
      patient,
    );
    expect(journal.lines).toEqual(
      expect.arrayContaining([
        [12, 'numbers'],
        [true, 1],
      ]),
    );
    expect(journal.lines).toHaveLength(2);
    expect(logs.lines.join('\n')).toContain('numeric string is expected');
  });

  it('stand filters: what one takes, even when it answers nothing, is handled and said nowhere', async () => {
    @Injectable()
    class Handlers {
      @OnTopic('news')
      @UseFilters(Filter)
      hear() {
        throw new ForbiddenException();
      }
    }
    const { app, topics, journal } = await start({}, Handlers);
    await topics.publishMany('news', ['one', 'two']);
    expect(await settled(app, 2)).toMatchObject({ handled: 2, failed: 0 });
    const filtered = ['filter', 'momento-topic', 'ForbiddenException', 'news'];
    expect(journal.lines).toEqual([filtered, filtered]);
    expect(logs.lines).toEqual([]);
  });

  it.each([
    [
      'throw',
      () => {
        throw new Error('of the filter');
      },
    ],
    ['reject', () => Promise.reject(new Error('of the filter'))],
    ['answer with an Observable that fails', () => throwError(() => new Error('of the filter'))],
  ])('filters may %s: that is a failure', async (_how, answer) => {
    @Catch(TypeError)
    class OwnFilter implements ExceptionFilter {
      catch(): unknown {
        return answer();
      }
    }
    @Injectable()
    class Handlers {
      @OnTopic('news')
      @UseFilters(OwnFilter)
      hear(value: string) {
        throw value === 'taken' ? new TypeError(value) : new RangeError(value);
      }
    }
    const { app, topics } = await start({}, Handlers);
    await topics.publish('news', 'taken');
    expect(await settled(app, 1)).toMatchObject({ failed: 1 });
    expect(logs.lines).toEqual([expect.stringContaining('Error: of the filter')]);
    await topics.publish('news', 'not for it');
    expect(await settled(app, 2)).toMatchObject({ failed: 2 });
  });

  it('filters get what cannot be read; it is counted, and said at most every 10 s', async () => {
    const schema: StandardSchema<unknown, number> = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) =>
          typeof value === 'number' ? { value } : { issues: [{ message: 'no number', path: [] }] },
      },
    };
    const errors: unknown[] = [];
    @Catch(MomentoMessageError)
    class OwnFilter implements ExceptionFilter {
      catch(error: MomentoMessageError, host: ArgumentsHost) {
        errors.push([error.cursor, host.getArgByIndex(0), host.getArgByIndex(1).cursor]);
      }
    }
    @Injectable()
    class Handlers {
      constructor(readonly journal: Journal) {}
      @OnTopic(defineTopic('numbers', { schema }))
      @UseFilters(OwnFilter)
      hear(value: number) {
        this.journal.note(value);
      }
    }
    const { app, topics, journal } = await start({}, Handlers);
    await topics.publishMany('numbers', [1, 'a secret', 'another', 2]);
    expect(await settled(app, 4)).toMatchObject({ handled: 2, unreadable: 2, failed: 0 });
    expect(journal.lines).toEqual([1, 2]);
    expect(errors).toEqual(
      [2, 3].map((number) => {
        const cursor = expect.stringMatching(new RegExp(`:${number}$`)) as unknown;
        return [cursor, undefined, cursor];
      }),
    );
    expect(logs.lines).toEqual([expect.stringMatching(/Message \d+:2 of topic 'numbers' cannot be read/)]);
    expect(logs.lines[0]).not.toContain('secret');
  });

  it('stand request-scoped ones, made for each message', async () => {
    let made = 0;
    @Injectable({ scope: Scope.REQUEST })
    class OwnGuard implements CanActivate {
      readonly number = (made += 1);
      constructor(readonly journal: Journal) {}
      canActivate() {
        this.journal.note(['guard', this.number]);
        return true;
      }
    }
    @Injectable()
    @UseFilters(Filter)
    class Handlers {
      @OnTopic('news')
      @UseGuards(OwnGuard)
      hear() {
        throw new Error('taken by the filter');
      }
    }
    const { app, topics, journal } = await start({}, Handlers);
    await topics.publishMany('news', ['one', 'two']);
    expect(await settled(app, 2)).toMatchObject({ handled: 2 });
    const filtered = ['filter', 'momento-topic', 'Error', 'news'];
    expect(journal.lines).toEqual([['guard', 1], filtered, ['guard', 2], filtered]);
  });

  it('an interceptor may let nothing come of a message', async () => {
    @Injectable()
    class Nothing implements NestInterceptor {
      intercept() {
        return EMPTY;
      }
    }
    @Injectable()
    class Handlers {
      constructor(readonly journal: Journal) {}
      @OnTopic('news')
      @UseInterceptors(Nothing)
      hear() {
        this.journal.note('called');
      }
    }
    const { app, topics, journal } = await start({}, Handlers);
    await topics.publish('news', 'one');
    expect(await settled(app, 1)).toMatchObject({ handled: 1 });
    expect([journal.lines, logs.lines]).toEqual([[], []]);
  });

  it('stand the global ones only when the connection asks for them', async () => {
    @Injectable()
    class Handlers {
      constructor(readonly journal: Journal) {}
      @OnTopic('news')
      hear(value: string) {
        this.journal.note(value);
        if (value.startsWith('bad')) throw new Error(value);
      }
    }
    const globals = [
      { provide: APP_GUARD, useClass: Guard },
      { provide: APP_INTERCEPTOR, useClass: Interceptor },
      { provide: APP_PIPE, useClass: Pipe },
      { provide: APP_FILTER, useClass: Filter },
    ];
    const plain = await start({}, Handlers, ...globals);
    await plain.topics.publish('news', 'bad');
    expect(await settled(plain.app, 1)).toMatchObject({ failed: 1 });
    expect(plain.journal.lines).toEqual(['bad']);

    const asked = await start({ topics: { globalEnhancers: true } }, Handlers, ...globals);
    await asked.topics.publish('news', 'bad');
    expect(await settled(asked.app, 1)).toMatchObject({ handled: 1 });
    expect(asked.journal.lines).toEqual([
      ['guard', 'momento-topic', 'hear', 'bad', 'news'],
      ['before', 'momento-topic'],
      'bad, piped',
      ['filter', 'momento-topic', 'Error', 'news'],
    ]);
  });

  it('of gaps stand the same', async () => {
    const { open, passed } = gate();
    @Injectable()
    @UseFilters(Filter)
    class Handlers {
      constructor(readonly journal: Journal) {}
      @OnTopic('news', { buffer: 1 })
      hear() {
        return passed;
      }
      @OnTopicGap('news')
      @UseInterceptors(Interceptor)
      lost(gap: TopicGap, context: unknown) {
        this.journal.note([gap.missed, context === gap]);
        throw new Error('of the gap');
      }
    }
    const { app, topics, journal } = await start({}, Handlers);
    await topics.publishMany('news', [1, 2, 3]);
    await vi.waitFor(() => expect(statsOf(app).dropped).toBe(1), patient);
    open();
    await settled(app, 3);
    expect(journal.lines).toEqual([
      ['before', 'momento-topic'],
      [1, true],
      ['filter', 'momento-topic', 'Error', 'news'],
    ]);
  });
});
