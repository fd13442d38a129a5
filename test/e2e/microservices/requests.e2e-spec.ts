import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  Controller,
  type ExecutionContext,
  Inject,
  Injectable,
  ParseIntPipe,
  type PipeTransform,
  type RpcExceptionFilter,
  Scope,
  UseFilters,
  UseGuards,
  UseInterceptors,
  UsePipes,
} from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import {
  ClientsModule,
  type ClientProxy,
  Ctx,
  EventPattern,
  MessagePattern,
  Payload,
  RpcException,
  Transport,
} from '@nestjs/microservices';
import { TopicService } from 'nestjs-momento';
import { MOMENTO_TRANSPORT, MomentoClientProxy, MomentoContext } from 'nestjs-momento/microservices';
import {
  concat,
  EMPTY,
  firstValueFrom,
  from,
  lastValueFrom,
  map,
  type Observable,
  of,
  tap,
  throwError,
  toArray,
} from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { patient, useMicroservices } from './microservices.fixture.js';

const { startService, startAlone, startClient, servers } = useMicroservices();
const ask = <T>(client: ClientProxy, pattern: unknown, data: unknown = {}) =>
  lastValueFrom(client.send<T>(pattern, data).pipe(toArray()));
const failureOf = (client: ClientProxy, pattern: unknown, data: unknown = {}) =>
  ask(client, pattern, data).then(
    () => 'no failure',
    (error: unknown) => error,
  );

@Controller()
class Sums {
  readonly heard: unknown[] = [];

  @MessagePattern({ cmd: 'sum' })
  sum(numbers: number[]): number {
    return (numbers ?? []).reduce((one, other) => one + other, 0);
  }

  @MessagePattern({ cmd: 'asyncSum' })
  async sumLater(numbers: number[]): Promise<number> {
    await new Promise((resolve) => setImmediate(resolve));
    return this.sum(numbers);
  }

  @MessagePattern({ cmd: 'streamSum' })
  stream(numbers: number[]): Observable<number> {
    return of(this.sum(numbers));
  }

  @MessagePattern('streaming')
  streaming(numbers: number[]): Observable<number> {
    return from(numbers);
  }

  @MessagePattern('later streaming')
  async streamingLater(numbers: number[]): Promise<Observable<number>> {
    return from(numbers);
  }

  @MessagePattern('nothing')
  nothing(): Observable<never> {
    return EMPTY;
  }

  @MessagePattern('echo', MOMENTO_TRANSPORT)
  echo(@Payload() value: unknown): unknown {
    return value;
  }

  @MessagePattern('other transport', Transport.REDIS)
  otherTransport(): string {
    return 'never';
  }

  @MessagePattern('half')
  half(): Observable<number> {
    return concat(
      of(1, 2),
      throwError(() => new RpcException({ code: 7 })),
    );
  }

  @MessagePattern('exception')
  exception(data: unknown): never {
    throw new RpcException(data as object);
  }

  @MessagePattern('failure')
  failure(): never {
    throw new Error('a secret of the inside');
  }

  @MessagePattern('too long')
  tooLong(): string {
    return 'x'.repeat(5_000);
  }

  @MessagePattern('dto')
  dto(): unknown {
    return new (class Dto {
      readonly id = 7;
      readonly at = new Date(0);
    })();
  }

  @MessagePattern('context')
  context(@Ctx() context: MomentoContext): unknown {
    const { cacheName, cursor } = context.getMessage();
    return [
      context.getTopic(),
      context.getPattern(),
      context.getMetadata(),
      cacheName,
      cursor.endsWith(':1'),
    ];
  }

  @EventPattern('happened')
  happened(value: unknown): void {
    this.heard.push(value);
  }
}

describe('requests', () => {
  it('are answered: sums, now, later and as an observable', async () => {
    const { client } = await startService({ controllers: [Sums] });
    for (const cmd of ['sum', 'asyncSum', 'streamSum'])
      expect(await ask(client, { cmd }, [1, 2, 3, 4, 5])).toEqual([15]);
    expect(client.stats()).toEqual({ pending: 0, unmatched: 0, malformed: 0 });
  });

  it('have all the answers of an observable, in order, also of a promised one; or none', async () => {
    const { client } = await startService({ controllers: [Sums] });
    const numbers = Array.from({ length: 50 }, (_, index) => index);
    expect(await ask(client, 'streaming', numbers)).toEqual(numbers);
    expect(await ask(client, 'later streaming', numbers)).toEqual(numbers);
    expect(await ask(client, 'nothing')).toEqual([]);
    const requests = servers.momento.requestCount('topic-publish');
    expect(await ask(client, 'echo', 1)).toEqual([1]);
    // The answer and its end are one message.
    expect(servers.momento.requestCount('topic-publish') - requests).toBe(2);
  });

  it('give back whatever JSON can say', async () => {
    const { client } = await startClient();
    await startService({ controllers: [Sums] });
    for (const value of [0, false, '', 'text', [], { a: { b: [null] } }, 'é\u2028"\\'])
      expect(await ask(client, 'echo', value)).toEqual([value]);
  });

  it('are many at once, each with its own answer', async () => {
    const { client } = await startService({ controllers: [Sums] });
    const numbers = Array.from({ length: 40 }, (_, index) => index);
    const answers = await Promise.all(numbers.map((number) => ask(client, 'echo', number)));
    expect(answers).toEqual(numbers.map((number) => [number]));
    expect(servers.momento.requestCount('topic-subscribe')).toBe(14 + 1);
  });

  it('give plain objects for instances of classes, as the other transports do', async () => {
    const { client } = await startService({ controllers: [Sums] });
    expect(await ask(client, 'dto')).toEqual([{ id: 7, at: '1970-01-01T00:00:00.000Z' }]);
  });

  it('fail with the payload of an RpcException, and tell nothing of another error', async () => {
    const { client } = await startService({ controllers: [Sums] });
    expect(await failureOf(client, 'exception', { code: 42, why: 'full' })).toEqual({
      code: 42,
      why: 'full',
    });
    expect(await failureOf(client, 'exception', 'plain')).toEqual({ status: 'error', message: 'plain' });
    expect(await failureOf(client, 'failure')).toEqual({ status: 'error', message: 'Internal server error' });
  });

  it('fail in the middle of an observable, behind what came before', async () => {
    const { client } = await startService({ controllers: [Sums] });
    const heard: unknown[] = [];
    const failure: unknown = await lastValueFrom(
      client.send('half', {}).pipe(tap((value) => heard.push(value))),
    ).catch((error: unknown) => error);
    expect([heard, failure]).toEqual([[1, 2], { code: 7 }]);
  });

  it('that are too long fail with their size; so do answers, which the caller is told', async () => {
    const { client, server } = await startService({ controllers: [Sums] });
    expect(await failureOf(client, 'echo', 'x'.repeat(5_000))).toMatchObject({
      name: 'MomentoTopicError',
      code: 'INVALID_ARGUMENT_ERROR',
      message: expect.stringMatching(/it has 5\d\d\d bytes, more than maxMessageBytes, which is 4096/),
    });
    expect(await failureOf(client, 'too long')).toEqual({
      status: 'error',
      message: expect.stringMatching(/The answer could not be sent: .*it has 5\d\d\d bytes/),
    });
    await vi.waitFor(() => expect(server.stats().running).toBe(0), patient);
    expect(client.stats().pending).toBe(0);
  });

  it('of a pattern with only an event handler are told that there is none', async () => {
    const { client, app } = await startService({ controllers: [Sums] });
    expect(await failureOf(client, 'happened')).toBe(
      'There is no matching message handler defined in the remote service.',
    );
    expect(app.get(Sums).heard).toEqual([]);
  });

  it('are not heard by handlers of another transport', async () => {
    const { client } = await startClient({ timeoutMs: 50 });
    await startService({ controllers: [Sums] });
    expect(await failureOf(client, 'other transport')).toMatchObject({ code: 'no-answer' });
  });

  it('tell their handler where they stand', async () => {
    const { client } = await startService({ controllers: [Sums] });
    client.setOnDispatchHook((packet) => (packet.metadata = { trace: '7' }));
    expect(await ask(client, 'context')).toEqual([
      ['rpc/context', 'context', { trace: '7' }, 'demo-cache', true],
    ]);
  });

  it('run in the hooks that Nest has for tracing, once each', async () => {
    const { client, server } = await startService({ controllers: [Sums] });
    const told: unknown[] = [];
    server.setOnProcessingStartHook((transportId, _context, done) => {
      told.push(transportId);
      void done();
    });
    server.setOnProcessingEndHook(() => told.push('end'));
    for (const pattern of ['streaming', 'exception', 'happened'])
      await client[pattern === 'happened' ? 'emit' : 'send'](pattern, [1, 2])
        .pipe(toArray())
        .forEach(() => undefined)
        .catch(() => undefined);
    await vi.waitFor(() => expect(told).toHaveLength(6), patient);
    expect(told).toEqual([MOMENTO_TRANSPORT, 'end', MOMENTO_TRANSPORT, 'end', MOMENTO_TRANSPORT, 'end']);
  });

  it.each([
    ['a factory', true],
    ['hand', false],
  ])(
    'reach a microservice alone, with a strategy by %s, from a client by ClientsModule',
    async (_how, isByFactory) => {
      await startAlone({ controllers: [Sums], isByFactory });
      const clients = ClientsModule.registerAsync([
        {
          name: 'SUMS',
          inject: [TopicService],
          useFactory: (topics: TopicService) => ({
            customClass: MomentoClientProxy,
            options: { topics, timeoutMs: 5_000 },
          }),
        },
      ]);
      const { app } = await startService({ imports: [clients] });
      const client = app.get<MomentoClientProxy>('SUMS');
      expect(client).toBeInstanceOf(MomentoClientProxy);
      expect(await ask(client, { cmd: 'sum' }, [1, 2])).toEqual([3]);
      const pending = failureOf(client, 'nobody');
      await vi.waitFor(() => expect(client.stats().pending).toBe(1), patient);
      await app.close();
      expect(await pending).toMatchObject({ name: 'MomentoRequestError', code: 'client-closed' });
    },
  );
});

class Refusal extends Error {}

@Catch(Refusal)
class Refusals implements RpcExceptionFilter<Refusal> {
  catch(_refusal: Refusal, host: ArgumentsHost): Observable<never> {
    return throwError(() => ({ refused: host.switchToRpc().getData<unknown>() }));
  }
}

@Catch(RangeError)
class BareErrors implements RpcExceptionFilter<RangeError> {
  catch(error: RangeError): Observable<never> {
    return throwError(() => (error.message === '' ? '' : error));
  }
}

class Doubling implements PipeTransform<number, number> {
  transform = (value: number) => value * 2;
}

class OnlyPositive implements CanActivate {
  canActivate = (context: ExecutionContext) => context.switchToRpc().getData<number>() > 0;
}

class Wrapping {
  intercept = (_context: ExecutionContext, next: { handle(): Observable<unknown> }) =>
    next.handle().pipe(map((value) => ({ value })));
}

@Injectable()
class Kinds {
  readonly seen: string[] = [];
  intercept(context: ExecutionContext, next: { handle(): Observable<unknown> }) {
    this.seen.push(context.getType());
    return next.handle();
  }
}

let made = 0;
@Injectable({ scope: Scope.REQUEST })
class PerRequest {
  readonly number = ++made;
}

@Controller()
class Guarded {
  @UseGuards(OnlyPositive)
  @UsePipes(Doubling)
  @UseInterceptors(Wrapping)
  @MessagePattern('double')
  double(value: number): number {
    return value;
  }

  @MessagePattern('whole')
  whole(@Payload('id', ParseIntPipe) id: number): number {
    return id;
  }

  @UseFilters(Refusals, BareErrors)
  @MessagePattern('refuse')
  refuse(what: string): never {
    if (what === 'bare') throw new RangeError('too far');
    if (what === 'empty') throw new RangeError('');
    throw new Refusal();
  }
}

@Controller()
class Scoped {
  constructor(@Inject(PerRequest) readonly own: PerRequest) {}

  @MessagePattern('number')
  number(): number {
    return this.own.number;
  }
}

describe('handlers', () => {
  it('have their guards, pipes, interceptors and filters, and those of the app where it is asked for', async () => {
    const providers = [Kinds, { provide: APP_INTERCEPTOR, useExisting: Kinds }];
    const { client, app } = await startService({ controllers: [Guarded], providers });
    expect(await ask(client, 'double', 4)).toEqual([{ value: 8 }]);
    expect(await failureOf(client, 'double', -4)).toEqual({ status: 'error', message: 'Forbidden resource' });
    expect(await ask(client, 'whole', { id: '12' })).toEqual([12]);
    expect(await failureOf(client, 'whole', { id: 'x' })).toMatchObject({ status: 'error' });
    expect(await failureOf(client, 'refuse', 'it')).toEqual({ refused: 'it' });
    expect(app.get(Kinds).seen.length).toBeGreaterThan(2);
    expect(new Set(app.get(Kinds).seen)).toEqual(new Set(['rpc']));
  });

  it('fail in a way that the caller sees, also with an Error itself or with nothing', async () => {
    const { client } = await startService({ controllers: [Guarded] });
    expect(await failureOf(client, 'refuse', 'bare')).toEqual({ status: 'error', message: 'too far' });
    expect(await failureOf(client, 'refuse', 'empty')).toEqual({ status: 'error', message: '' });
  });

  it('are made for each request where they depend on it', async () => {
    made = 0;
    const { client } = await startService({ controllers: [Scoped], providers: [PerRequest] });
    expect([await ask(client, 'number'), await firstValueFrom(client.send('number', {}))]).toEqual([[1], 2]);
  });
});
