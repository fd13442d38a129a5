import { AsyncLocalStorage } from 'node:async_hooks';
import { InterceptorsConsumer } from '@nestjs/core/interceptors/interceptors-consumer.js';
import {
  catchError,
  EMPTY,
  EmptyError,
  from,
  isObservable,
  lastValueFrom,
  map,
  mergeMap,
  NEVER,
  of,
  retry,
  timeout,
} from 'rxjs';
import type { NestInterceptor } from '@nestjs/common';
import { describe, expect, it, vi } from 'vitest';
import { HandlerInterceptors } from './handler-interceptors.js';

class Handlers {}
const storage = new AsyncLocalStorage<string>();
type Intercept = NestInterceptor['intercept'];
type Handler = () => unknown;

/** What comes of a handler behind these interceptors, as Nest's context creators ask for it. */
async function outcomeOf(consumer: InterceptorsConsumer, handler: Handler, ...all: Intercept[]) {
  const next = async () => handler();
  const interceptors = all.map((intercept) => ({ intercept }));
  const result = await consumer.intercept(interceptors, ['a', 'b'], new Handlers(), handler, next, 'momento');
  return isObservable(result) ? lastValueFrom(result) : result;
}

const say =
  (word: string): Intercept =>
  (_context, next) =>
    next.handle().pipe(map((value) => `${word} ${value}`));

// What is true of this library's has to be true of Nest's as well.
describe.each([
  ['this library', new HandlerInterceptors()],
  ['Nest', new InterceptorsConsumer()],
])('interceptors by %s', (_name, consumer) => {
  it.each<[string, Handler, Intercept[], unknown]>([
    ['none', () => 'handled', [], 'handled'],
    ['of a value', () => 'handled', [say('one'), say('two')], 'one two handled'],
    ['of a promise', async () => 'handled', [say('one')], 'one handled'],
    ['of an observable', () => of('first', 'last'), [say('one')], 'one last'],
    ['of a list', () => ['handled'], [say('one')], 'one handled'],
    ['of nothing', () => undefined, [say('one')], 'one undefined'],
    ['that answer later', () => 'handled', [later(say('one')), later(say('two'))], 'one two handled'],
    ['that answer by themselves', () => raise('called'), [say('one'), () => of('none')], 'one none'],
    [
      'that take an error',
      () => raise('broken'),
      [(_context, next) => next.handle().pipe(catchError(({ message }) => of(message))), say('two')],
      'broken',
    ],
    ['that give up', () => lastValueFrom(NEVER), [impatient, say('two')], 'too late'],
  ])('%s', async (_case, handler, interceptors, expected) => {
    expect(await outcomeOf(consumer, handler, ...interceptors)).toBe(expected);
  });

  it.each<[string, Handler, Intercept[], string | RegExp]>([
    ['the handler throws', () => raise('broken'), [say('one'), say('two')], 'broken'],
    ['the handler rejects', () => Promise.reject(new Error('broken')), [say('one')], 'broken'],
    ['the first throws', () => 'handled', [() => raise('broken'), say('two')], 'broken'],
    ['the last throws', () => 'handled', [say('one'), () => raise('broken')], 'broken'],
    ['the last rejects', () => 'handled', [say('one'), later(() => raise('broken'))], 'broken'],
    ['one answers nothing', () => 'handled', [nothing], /'undefined' where a stream was expected/],
    ['the last answers nothing', () => 'handled', [say('one'), nothing], /where a stream was expected/],
  ])('fail when %s', async (_case, handler, interceptors, message) => {
    await expect(outcomeOf(consumer, handler, ...interceptors)).rejects.toThrow(message);
  });

  it('that let nothing come of it', async () => {
    const handler = vi.fn<() => void>();
    await expect(outcomeOf(consumer, handler, say('one'), () => EMPTY)).rejects.toThrow(EmptyError);
    expect(handler).not.toHaveBeenCalled();
  });

  it('may try again: all behind is called again', async () => {
    const handler = vi.fn<() => string>(() => 'handled').mockImplementationOnce(() => raise('broken'));
    const second = vi.fn<Intercept>(say('two'));
    const again: Intercept = (_context, next) => next.handle().pipe(retry(1));
    expect(await outcomeOf(consumer, handler, again, second)).toBe('two handled');
    expect(second).toHaveBeenCalledTimes(2);
  });

  it('have what they keep in an AsyncLocalStorage behind them', async () => {
    const keep =
      (word: string): Intercept =>
      (_context, next) =>
        storage.run(`${storage.getStore() ?? ''} ${word}`, () => next.handle());
    const found = await outcomeOf(
      consumer,
      () => storage.getStore(),
      keep('one'),
      later(keep('two')),
      say('three'),
    );
    expect(found).toBe('three  one two');
    const subscribedLater: Intercept = (_context, next) => {
      const handled = storage.run('kept', () => next.handle());
      return from(Promise.resolve()).pipe(mergeMap(() => handled));
    };
    expect(await outcomeOf(consumer, () => storage.getStore(), subscribedLater)).toBe('kept');
  });

  it('know the class, the method, the arguments and the type', async () => {
    const handler = () => 'handled';
    const tell: Intercept = (context) =>
      of([context.getClass(), context.getHandler(), context.getArgs(), context.getType()]);
    expect(await outcomeOf(consumer, handler, tell)).toEqual([Handlers, handler, ['a', 'b'], 'momento']);
  });
});

const impatient: Intercept = (_context, next) =>
  next.handle().pipe(timeout({ first: 1, with: () => of('too late') }));
const nothing: Intercept = () => undefined as never;

function later(intercept: Intercept): Intercept {
  return async (context, next) => {
    await Promise.resolve();
    return intercept(context, next);
  };
}

function raise(message: string): never {
  throw new Error(message);
}
