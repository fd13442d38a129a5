import { setImmediate as nextTick } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { Listeners } from './listeners.js';

interface Events {
  readonly found: { readonly key: string };
  readonly error: Error;
}

const withThen = (readThen: () => unknown): object =>
  new Proxy({}, { get: (_target, name) => (name === 'then' ? readThen() : undefined) });

describe('Listeners', () => {
  let lines: string[];
  let told: string[];
  let listeners: Listeners<Events>;
  const keep = ({ key }: Events['found']) => told.push(key);
  const find = (key: string) => listeners.emit('found', () => ({ key }));

  beforeEach(() => {
    lines = [];
    told = [];
    listeners = new Listeners<Events>({
      error: (line: unknown, stack: unknown) => lines.push(`${String(line)} ${String(stack)}`),
    });
  });

  it('tells those of the event, in the order in which they came, until they go', () => {
    listeners.on('found', keep);
    listeners.on('found', () => told.push('second'));
    listeners.on('error', () => told.push('error'));
    find('a');
    listeners.off('found', keep);
    find('b');
    expect(told).toEqual(['a', 'second', 'second']);
  });

  it('makes no payload when nobody listens, before the first and after the last', () => {
    let made = 0;
    const emit = () => listeners.emit('found', () => ({ key: String((made += 1)) }));
    emit();
    listeners.on('found', keep);
    listeners.off('found', keep);
    emit();
    expect(made).toBe(0);
    listeners.on('found', keep);
    listeners.on('found', keep);
    emit();
    expect([made, told]).toEqual([1, ['1', '1']]);
  });

  it('removes the last of equal listeners, and none that is not there', () => {
    listeners.on('found', keep);
    listeners.on('found', () => told.push('between'));
    listeners.on('found', keep);
    listeners.off('found', keep);
    listeners.off('found', () => undefined);
    listeners.off('error', keep as never);
    find('a');
    expect(told).toEqual(['a', 'between']);
  });

  it('lets a listener add and remove others: the event that it is told of is told as it began', () => {
    const late = () => told.push('late');
    listeners.on('found', () => {
      listeners.on('found', late);
      listeners.off('found', keep);
    });
    listeners.on('found', keep);
    find('a');
    expect(told).toEqual(['a']);
    find('b');
    expect(told).toEqual(['a', 'late']);
  });

  it('needs no listener of errors, unlike an EventEmitter', () => {
    expect(() => listeners.emit('error', () => new Error('lost'))).not.toThrow();
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('broken');
      },
    ],
    ['rejects', () => Promise.reject(new Error('broken'))],
    [
      'gives a promise of its own making',
      () => withThen(() => (_: unknown, reject: (error: Error) => void) => reject(new Error('broken'))),
    ],
    [
      'gives something whose `then` cannot be read',
      () =>
        withThen(() => {
          throw new Error('broken');
        }),
    ],
  ])('logs and counts a listener that %s, and tells the others', async (_how, listener: () => unknown) => {
    listeners.on('found', listener);
    listeners.on('found', keep);
    find('a');
    await nextTick();
    expect(told).toEqual(['a']);
    expect(lines).toEqual([expect.stringContaining("A listener of 'found' failed. Error: broken")]);
    expect(listeners.failures).toBe(1);
  });

  it('logs one line for many failures, and counts each', async () => {
    listeners.on('found', () => Promise.reject(new Error('broken')));
    for (let count = 0; count < 300; count += 1) find('a');
    await nextTick();
    expect([lines.length, listeners.failures]).toEqual([1, 300]);
  });

  it('tells nobody after its end, and takes nobody more', () => {
    listeners.on('found', keep);
    listeners.close();
    listeners.on('found', keep);
    find('a');
    expect(told).toEqual([]);
  });

  it('refuses what cannot be called where it is given, not where it would be told', () => {
    expect(() => listeners.on('found', undefined as never)).toThrow(
      new TypeError('The listener is not a function.'),
    );
  });
});
