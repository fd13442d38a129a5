import { TopicHeartbeat, TopicItem } from '@gomomento/sdk';
import { Logger } from '@nestjs/common';
import { describe, expect, it, vi } from 'vitest';
import { captureLogs } from '../../../../test/support/capture-logs.js';
import { InFlight } from '../../../foundation/time/in-flight.js';
import { CallbackGuard } from './guarded-callbacks.js';

const logs = captureLogs();
const item = new TopicItem('value', 1);

function guard(callbacks: object, inFlight = new InFlight()) {
  logs.start();
  return new CallbackGuard(new Logger('Momento TopicClient'), inFlight).guard(
    callbacks,
    "topic 't' in cache 'c'",
  );
}

const failure = () => new Error('the callback failed');
const unprintable = Object.create(null) as object;
const withBadStack = Object.defineProperty(new Error('x'), 'stack', {
  get: () => {
    throw failure();
  },
});

const fail = () => {
  throw failure();
};
const reject = (_resolve: unknown, no: (error: Error) => void) => no(failure());

/** What a promise of another making looks like. */
function withThen(then: PropertyDescriptor, target: object = {}): object {
  // oxlint-disable-next-line unicorn/no-thenable -- that users return such objects is what is tested
  return Object.defineProperty(target, 'then', then);
}

describe('a guarded callback', () => {
  it.each<[string, () => unknown]>([
    ['throws', fail],
    ['rejects', async () => Promise.reject(failure())],
    ['returns a thenable that rejects', () => withThen({ value: reject })],
    ['returns a thenable that throws', () => withThen({ value: fail })],
    ['returns an object whose then cannot be read', () => withThen({ get: fail })],
    ['returns a function with a then', () => withThen({ value: reject }, () => 0)],
  ])('that %s is logged, and reaches neither the stream nor the process', async (_case, callback) => {
    const unhandled = vi.fn<() => void>();
    process.on('unhandledRejection', unhandled);
    const callbacks = guard({ onItem: callback });
    expect(callbacks.onItem?.(item)).toBeUndefined();
    await vi.waitFor(() => expect(logs.lines).toHaveLength(1));
    expect(logs.lines[0]).toMatch(
      /^error \[Momento TopicClient\] onItem of topic 't' in cache 'c' failed\.\nError: the callback failed\n/,
    );
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });

  it.each([
    ['no error', unprintable, 'Error: an object without a message'],
    ['an error that cannot be read', withBadStack, 'Error: x'],
  ])('that throws %s is logged as well', (_case, thrown, described) => {
    const callbacks = guard({
      onHeartbeat: () => {
        throw thrown;
      },
    });
    callbacks.onHeartbeat?.(new TopicHeartbeat());
    expect(logs.lines).toEqual([
      `error [Momento TopicClient] onHeartbeat of topic 't' in cache 'c' failed.\n${described}`,
    ]);
  });

  it('that fails again and again is said once, and counted', () => {
    const callbacks = guard({
      onItem: () => {
        throw failure();
      },
    });
    for (let count = 0; count < 1_000; count += 1) callbacks.onItem?.(item);
    expect(logs.lines).toHaveLength(1);
  });

  it('that cannot be read is taken for none, and said', () => {
    const callbacks = guard({
      get onItem(): never {
        throw failure();
      },
    });
    callbacks.onItem?.(item);
    expect(logs.lines).toHaveLength(1);
  });

  it('is a method of its object, also one that the object inherits', () => {
    class Listener {
      readonly heard: unknown[] = [];
      onItem(heard: TopicItem): void {
        this.heard.push(heard);
      }
    }
    const listener = new Listener();
    guard(listener).onItem?.(item);
    expect(listener.heard).toEqual([item]);
  });

  it('that is none, or not given, is nothing', () => {
    expect(guard({ onItem: 'text' }).onItem?.(item)).toBeUndefined();
    expect(
      new CallbackGuard(new Logger('Momento TopicClient'), new InFlight())
        .guard(undefined, '')
        .onItem?.(item),
    ).toBeUndefined();
    expect(logs.lines).toEqual([]);
  });

  it('counts as work in flight until its promise settles', async () => {
    const inFlight = new InFlight();
    let finish: () => void = () => undefined;
    const callbacks = guard({ onItem: () => new Promise<void>((resolve) => (finish = resolve)) }, inFlight);
    callbacks.onItem?.(item);
    expect(inFlight.count).toBe(1);
    finish();
    expect(await inFlight.drain(1_000)).toBe(true);
  });
});
