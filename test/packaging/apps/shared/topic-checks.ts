import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import {
  type ArgumentsHost,
  type CallHandler,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Headers,
  Inject,
  Injectable,
  type MessageEvent,
  type NestInterceptor,
  ParseIntPipe,
  type PipeTransform,
  Scope,
  Sse,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import {
  defineTopic,
  MomentoMessageError,
  OnTopic,
  OnTopicGap,
  TopicContext,
  type TopicGap,
  TopicMessage,
  type TopicMessageContext,
  TopicService,
} from 'nestjs-momento';
import type { Observable } from 'rxjs';
import { type Checks, type RunningApp, until, withApp } from './running-app.js';

const words = defineTopic<string>('words');

/** What was done, in its order. */
@Injectable()
class Journal {
  readonly lines: string[] = [];
  note(line: string): void {
    this.lines.push(line);
  }
}

@Injectable()
class Guard implements CanActivate {
  constructor(private readonly journal: Journal) {}
  canActivate(context: ExecutionContext): boolean {
    this.journal.note(`guard ${context.getType<string>()}`);
    return context.getArgByIndex(0) !== 'forbidden';
  }
}

@Injectable()
class Interceptor implements NestInterceptor {
  constructor(private readonly journal: Journal) {}
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.journal.note('interceptor');
    return next.handle();
  }
}

@Injectable()
class Pipe implements PipeTransform {
  constructor(private readonly journal: Journal) {}
  transform(value: unknown): unknown {
    if (typeof value === 'string') this.journal.note('pipe');
    return value;
  }
}

@Catch()
@Injectable()
class Filter implements ExceptionFilter {
  constructor(private readonly journal: Journal) {}
  catch(error: Error, host: ArgumentsHost): void {
    this.journal.note(`filter ${error.name} ${host.getType<string>()}`);
  }
}

@Injectable()
@UseGuards(Guard)
@UseFilters(Filter)
class Words {
  constructor(private readonly journal: Journal) {}

  @OnTopic(words)
  @UseInterceptors(Interceptor)
  @UsePipes(Pipe)
  async hear(word: string, @TopicContext() { topic, sequenceNumber }: TopicMessageContext): Promise<void> {
    this.journal.note(`${word} ${topic} ${sequenceNumber}`);
    if (word === 'bad') throw new TypeError(word);
  }

  @OnTopic('numbers')
  hearNumber(@TopicMessage(ParseIntPipe) value: number): void {
    this.journal.note(`number ${value}`);
  }

  @OnTopic(defineTopic('unreadable', { codec: { encode: String, decode: fail } }))
  hearNothing(): void {}
}

function fail(): never {
  throw new Error('not to be read');
}

@Controller()
class WordsController {
  constructor(
    private readonly journal: Journal,
    private readonly topics: TopicService,
  ) {}

  @OnTopic('controller')
  @UseGuards(Guard)
  hear(word: string): void {
    this.journal.note(word);
  }

  @Sse('feed')
  feed(@Headers('last-event-id') lastEventId?: string): Observable<MessageEvent> {
    return this.topics.sse(words, { lastEventId });
  }
}

@Injectable({ scope: Scope.REQUEST })
class Requested {
  constructor(
    private readonly journal: Journal,
    @Inject(REQUEST) private readonly request: TopicMessageContext,
  ) {}

  @OnTopic('requested')
  hear(word: string): void {
    this.journal.note(`${word} ${this.request.sequenceNumber}`);
  }
}

@Injectable()
class Slow {
  constructor(private readonly journal: Journal) {}

  @OnTopic('many', { buffer: 1 })
  async hear(): Promise<void> {
    await pause(300);
  }

  @OnTopicGap('many')
  lost({ missed }: TopicGap): void {
    this.journal.note(`missed ${missed}`);
  }
}

/** Publishes, and waits for as many lines. @returns them */
async function told({ app }: RunningApp, topic: string, values: readonly unknown[], count: number) {
  const { lines } = app.get(Journal);
  await app.get(TopicService).publishMany(topic, values);
  await until(`${count} lines`, async () => lines.length >= count);
  return lines;
}

const providers = [Journal, Words];

export const topicChecks: Checks = {
  'a topic handler has its guards, interceptors, pipes and filters': (framework) =>
    withApp(framework, { providers }, async (running) => {
      const around = ['guard momento-topic', 'interceptor', 'pipe'];
      assert.deepEqual(await told(running, 'words', ['good', 'bad', 'forbidden'], 11), [
        ...[...around, 'good words 1'],
        ...[...around, 'bad words 2', 'filter TypeError momento-topic'],
        ...['guard momento-topic', 'filter ForbiddenException momento-topic'],
      ]);
      const [stats] = running.app.get(TopicService).stats().handlers;
      assert.deepEqual([stats?.received, stats?.handled, stats?.failed], [3, 3, 0]);
    }),

  'a topic handler has the pipes of its parameter': (framework) =>
    withApp(framework, { providers }, async (running) => {
      const lines = await told(running, 'numbers', ['12', 'x'], 4);
      const filtered = 'filter BadRequestException momento-topic';
      assert.deepEqual(lines, ['guard momento-topic', 'number 12', 'guard momento-topic', filtered]);
    }),

  'what cannot be read goes to the filter': (framework) =>
    withApp(framework, { providers }, async (running) => {
      const { name } = new MomentoMessageError('topic', '1:1', 'reason');
      assert.deepEqual(await told(running, 'unreadable', [1], 1), [`filter ${name} momento-topic`]);
    }),

  'a topic handler in a controller has its guard': (framework) =>
    withApp(framework, { providers: [Journal], controllers: [WordsController] }, async (running) => {
      const lines = await told(running, 'controller', ['forbidden', 'good'], 3);
      assert.deepEqual(lines, ['guard momento-topic', 'guard momento-topic', 'good']);
    }),

  'a request-scoped provider is made for each message': (framework) =>
    withApp(framework, { providers: [Journal, Requested] }, async (running) => {
      assert.deepEqual(await told(running, 'requested', ['one', 'two'], 2), ['one 1', 'two 2']);
    }),

  'what a buffer has no room for is told as a gap': (framework) =>
    withApp(framework, { providers: [Journal, Slow] }, async (running) => {
      assert.deepEqual(await told(running, 'many', [1, 2, 3, 4], 1), ['missed 2']);
    }),

  'messages come as an observable and as an iterator': (framework) =>
    withApp(framework, {}, async ({ app }) => {
      const topics = app.get(TopicService);
      const observed: string[] = [];
      topics.observe(words).subscribe(({ value }) => observed.push(value));
      const iterated = topics.stream(words);
      const first = iterated.next();
      await topics.subscribe(words, () => undefined);
      await topics.publish(words, 'one');
      assert.equal((await first).value?.value, 'one');
      await until('a message', async () => observed.length === 1);
    }),

  'a browser gets what it missed, and its open stream does not hold close()': (framework) =>
    withApp(framework, { providers: [Journal], controllers: [WordsController] }, async ({ app }) => {
      const topics = app.get(TopicService);
      const cursors: string[] = [];
      await topics.subscribe(words, ({ cursor }) => void cursors.push(cursor));
      await topics.publishMany(words, ['seen', 'missed']);
      await until('two messages', async () => cursors.length === 2);
      const response = await fetch(`${await app.getUrl()}/feed`, {
        headers: { 'last-event-id': cursors[0] ?? '' },
      });
      let text = '';
      const read = (async () => {
        for await (const chunk of response.body ?? []) text += Buffer.from(chunk as Uint8Array).toString();
      })();
      await until('what was missed', async () => text.includes('missed'));
      assert.ok(!text.includes('seen'));
      const beganMs = performance.now();
      await app.close();
      assert.ok(performance.now() - beganMs < 1_000, 'close() took more than a second');
      await read;
    }),
};
