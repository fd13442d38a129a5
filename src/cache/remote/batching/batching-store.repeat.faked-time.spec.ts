import { InternalServerError, ServerUnavailableError, TimeoutError } from '@gomomento/sdk';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MemoryStore } from '../memory-store.fixture.js';
import { BatchingStore } from './batching-store.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const away = new ServerUnavailableError('away');
const value = Uint8Array.of(1);
const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Three keys, and a store whose calls go as the steps say, one after the other. */
async function scene(...steps: readonly ((memory: MemoryStore) => Promise<void> | void)[]) {
  const memory = new MemoryStore();
  await memory.setMany(['one', 'two', 'three'].map((key) => ({ key, value })));
  const store = new BatchingStore(memory, { timeoutMs: 1_000 });
  const left = [...steps];
  const asked: string[] = [];
  memory.before = ({ name, keys }) => {
    asked.push(`${name} ${keys.join()}`);
    memory.errorOf = undefined;
    return left.shift()?.(memory);
  };
  const read = () => store.getMany(['one', 'two', 'three']);
  return { store, read, asked };
}

const unavailable = () => Promise.reject(away);
const failing =
  (failed: string, error: Error) =>
  (memory: MemoryStore): void => {
    memory.errorOf = (key) => (key === failed ? error : undefined);
  };

describe('a batch of reads that is unavailable', () => {
  it('is made again, once', async () => {
    const { read, asked } = await scene(unavailable);
    expect(await read()).toEqual([{ value }, { value }, { value }]);
    expect(asked).toEqual(['getMany one,two,three', 'getMany one,two,three']);
  });

  it('twice is the error of each key', async () => {
    const { read, asked } = await scene(unavailable, unavailable);
    expect(await read()).toEqual([{ thrown: away }, { thrown: away }, { thrown: away }]);
    expect(asked).toHaveLength(2);
  });

  it('and then fails otherwise fails as it did last', async () => {
    const slow = new TimeoutError('slow');
    const { read } = await scene(unavailable, () => Promise.reject(slow));
    expect(await read()).toEqual([{ thrown: slow }, { thrown: slow }, { thrown: slow }]);
  });

  it('for one key is made again for that key, and the others do not wait for it', async () => {
    const { store, asked } = await scene(failing('two', away), () => sleep(500));
    const answered: string[] = [];
    const reads = ['one', 'two', 'three'].map((key) => store.get(key).then(() => answered.push(key)));
    await vi.advanceTimersByTimeAsync(499);
    expect(answered).toEqual(['one', 'three']);
    await vi.advanceTimersByTimeAsync(1);
    await Promise.all(reads);
    expect(asked).toEqual(['getMany one,two,three', 'getMany two']);
  });

  it.each([new InternalServerError('failed'), new TimeoutError('slow'), new Error('SERVER_UNAVAILABLE')])(
    'is not one that fails otherwise: %o',
    async (error) => {
      const { read, asked } = await scene(failing('two', error));
      expect(await read()).toEqual([{ value }, { thrown: error }, { value }]);
      expect(asked).toHaveLength(1);
    },
  );

  it('when its time is over is not made again', async () => {
    const late = async () => {
      await sleep(1_000);
      throw away;
    };
    const { read, asked } = await scene(late);
    const outcomes = read();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await outcomes).toEqual([{ thrown: away }, { thrown: away }, { thrown: away }]);
    expect(asked).toHaveLength(1);
  });

  it('is made again within the time of one call, and leaves no timer', async () => {
    const late = async () => {
      await sleep(400);
      throw away;
    };
    const { read, asked, store } = await scene(late, () => sleep(1_000));
    let isOver = false;
    const outcomes = read().finally(() => (isOver = true));
    await vi.advanceTimersByTimeAsync(999);
    expect([asked.length, isOver]).toEqual([2, false]);
    await vi.advanceTimersByTimeAsync(1);
    expect(await outcomes).toEqual([{ thrown: away }, { thrown: away }, { thrown: away }]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect([vi.getTimerCount(), store.pendingCount]).toEqual([0, 0]);
  });
});

describe('reads in a test with faked ticks', () => {
  it('are answered all the same', async () => {
    vi.useRealTimers();
    vi.useFakeTimers({ toFake: ['nextTick'] });
    const { store } = await scene();
    expect(await Promise.all([store.get('one'), store.get('two')])).toEqual([value, value]);
  });
});
