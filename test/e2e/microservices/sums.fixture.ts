import { Controller } from '@nestjs/common';
import {
  type ClientProxy,
  Ctx,
  EventPattern,
  MessagePattern,
  Payload,
  RpcException,
  Transport,
} from '@nestjs/microservices';
import { MOMENTO_TRANSPORT, MomentoContext } from 'nestjs-momento/microservices';
import { concat, EMPTY, from, lastValueFrom, type Observable, of, throwError, toArray } from 'rxjs';

export const ask = <T>(client: ClientProxy, pattern: unknown, data: unknown = {}) =>
  lastValueFrom(client.send<T>(pattern, data).pipe(toArray()));
export const failureOf = (client: ClientProxy, pattern: unknown, data: unknown = {}) =>
  ask(client, pattern, data).then(
    () => 'no failure',
    (error: unknown) => error,
  );

@Controller()
export class Sums {
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
