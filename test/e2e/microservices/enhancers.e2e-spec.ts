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
import { MessagePattern, Payload } from '@nestjs/microservices';
import { firstValueFrom, map, type Observable, throwError } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { useMicroservices } from './microservices.fixture.js';
import { ask, failureOf } from './sums.fixture.js';

const { startService } = useMicroservices();

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
