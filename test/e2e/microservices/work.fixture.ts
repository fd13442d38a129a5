import { Controller, Injectable } from '@nestjs/common';
import { EventPattern, MessagePattern } from '@nestjs/microservices';
import { interval, lastValueFrom, NEVER, Observable, toArray } from 'rxjs';

/** The values of a request, or its error. */
export const failureOf = (request: Observable<unknown>): Promise<unknown> =>
  lastValueFrom(request.pipe(toArray())).then(
    (values) => values,
    (error: unknown) => error,
  );

@Injectable()
export class Gate {
  readonly waiting: (() => void)[] = [];
  wait = () => new Promise<void>((resolve) => this.waiting.push(resolve));
  open = () => this.waiting.splice(0).forEach((resolve) => resolve());
}

@Controller()
export class Work {
  readonly heard: unknown[] = [];
  open = 0;

  constructor(readonly gate: Gate) {}

  @MessagePattern('echo')
  echo(value: unknown): unknown {
    this.heard.push(value);
    return value;
  }

  @MessagePattern('slow')
  async slow(value: unknown): Promise<unknown> {
    await this.gate.wait();
    return value;
  }

  @MessagePattern('never')
  never(): Observable<unknown> {
    return NEVER;
  }

  @MessagePattern('ticks')
  ticks(): Observable<number> {
    return new Observable<number>((subscriber) => {
      this.open += 1;
      subscriber.add(interval(5).subscribe(subscriber));
      return () => (this.open -= 1);
    });
  }

  @MessagePattern('one, then none')
  one(): Observable<number> {
    return new Observable((subscriber) => subscriber.next(1));
  }

  @EventPattern('happened')
  happened(value: unknown): void {
    this.heard.push(value);
  }

  @EventPattern('happened')
  alsoHappened(value: unknown): void {
    this.heard.push({ also: value });
  }

  @EventPattern('fails')
  fails(_data: unknown): void {
    throw new Error('of an event');
  }
}
export const parts = { controllers: [Work], providers: [Gate] };
