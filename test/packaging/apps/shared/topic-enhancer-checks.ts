import assert from 'node:assert/strict';
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Injectable,
  Module,
  type NestInterceptor,
  type PipeTransform,
  type Provider,
  UseFilters,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { OnTopic, TopicMessage, type TopicMessageContext, TopicService } from 'nestjs-momento';
import { type Observable, tap } from 'rxjs';
import { type Checks, withApp } from './running-app.js';
import { Journal, settled } from './topic-fixture.js';

/** What enhancers are made of: in some modules only. */
@Injectable()
class Rules {
  isAllowed(value: unknown): boolean {
    return value !== 'forbidden';
  }
}

@Injectable()
class Guard implements CanActivate {
  constructor(
    readonly rules: Rules,
    readonly journal: Journal,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const [value, place] = context.getArgs<[unknown, TopicMessageContext]>();
    this.journal.lines.push(`guard ${context.getType<string>()} ${place.topic}`);
    return this.rules.isAllowed(value);
  }
}

@Injectable()
class Interceptor implements NestInterceptor {
  constructor(readonly journal: Journal) {}

  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.journal.lines.push('before');
    return next.handle().pipe(tap(() => this.journal.lines.push('after')));
  }
}

@Injectable()
class Piped implements PipeTransform {
  constructor(readonly rules: Rules) {}

  transform(value: unknown): unknown {
    return this.rules.isAllowed(value) && typeof value === 'string' ? `${value}, piped` : value;
  }
}

/** Answers nothing, as most do. */
@Catch()
@Injectable()
class Filter implements ExceptionFilter {
  constructor(readonly journal: Journal) {}

  catch(error: Error, host: ArgumentsHost): void {
    this.journal.lines.push(`filter ${host.getType<string>()} ${error.name}`);
  }
}

@Injectable()
@UseGuards(Guard)
@UseFilters(Filter)
class Surrounded {
  constructor(readonly journal: Journal) {}

  @OnTopic('news')
  @UseInterceptors(Interceptor)
  hear(@TopicMessage(Piped) value: string): void {
    this.journal.lines.push(value);
  }
}

@Controller('listening')
@UseGuards(Guard)
class ListeningController {
  constructor(readonly journal: Journal) {}

  @Get()
  find(): string {
    return 'found';
  }

  @OnTopic('news')
  hear(value: string): void {
    this.journal.lines.push(value);
  }
}

/** The only one that has what its guard is made of. */
@Module({ controllers: [ListeningController], providers: [Rules, Journal] })
class ListeningModule {}

@Injectable()
class Plain {
  constructor(readonly journal: Journal) {}

  @OnTopic('news')
  hear(value: string): void {
    this.journal.lines.push(value);
    throw new Error('of the handler');
  }
}

const providers: readonly Provider[] = [Journal, Rules];
const globals: readonly Provider[] = [
  { provide: APP_GUARD, useClass: Guard },
  { provide: APP_INTERCEPTOR, useClass: Interceptor },
  { provide: APP_PIPE, useClass: Piped },
  { provide: APP_FILTER, useClass: Filter },
];

export const topicEnhancerChecks: Checks = {
  'guard, interceptor and pipe stand around a handler, made by Nest': (framework) =>
    withApp(framework, { providers: [...providers, Surrounded] }, async ({ app, logged }) => {
      await app.get(TopicService).publish('news', 'hello');
      assert.equal((await settled(app, 1)).handled, 1);
      const around = ['guard momento-topic news', 'before', 'hello, piped', 'after'];
      assert.deepEqual(app.get(Journal).lines, around);
      assert.deepEqual(logged, []);
    }),

  'what a filter takes is handled, and nothing is printed': (framework) =>
    withApp(framework, { providers: [...providers, Surrounded] }, async ({ app, logged }) => {
      await app.get(TopicService).publish('news', 'forbidden');
      assert.deepEqual(await settled(app, 1), { handled: 1, failed: 0, unreadable: 0, dropped: 0 });
      const filtered = ['guard momento-topic news', 'filter momento-topic ForbiddenException'];
      assert.deepEqual(app.get(Journal).lines, filtered);
      assert.deepEqual(logged, []);
    }),

  'a guard of a controller is asked before each message': (framework) =>
    withApp(framework, { imports: [ListeningModule] }, async ({ app, logged }) => {
      await app.get(TopicService).publishMany('news', ['forbidden', 'hello']);
      const { handled, failed } = await settled(app, 2);
      assert.deepEqual([handled, failed], [1, 1]);
      const asked = 'guard momento-topic news';
      assert.deepEqual(app.get(Journal).lines, [asked, asked, 'hello']);
      assert.equal(logged.length, 1);
      assert.match(String(logged[0]), /'ListeningController\.hear' failed on message .*Forbidden/s);
    }),

  'global enhancers stand around a handler only when they are asked for': async (framework) => {
    const parts = { providers: [...providers, Plain, ...globals] };
    await withApp(framework, parts, async ({ app, logged }) => {
      await app.get(TopicService).publish('news', 'hello');
      assert.equal((await settled(app, 1)).failed, 1);
      assert.deepEqual(app.get(Journal).lines, ['hello']);
      assert.match(logged.join('\n'), /^The handler 'Plain\.hear' failed on message .*of the handler/s);
    });
    const asked = { ...parts, momento: { topics: { globalEnhancers: true } } };
    await withApp(framework, asked, async ({ app, logged }) => {
      await app.get(TopicService).publish('news', 'hello');
      assert.equal((await settled(app, 1)).handled, 1);
      const around = ['guard momento-topic news', 'before', 'hello, piped', 'filter momento-topic Error'];
      assert.deepEqual(app.get(Journal).lines, around);
      assert.deepEqual(logged, []);
    });
  },
};
