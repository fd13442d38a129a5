import type { WritePacket } from '@nestjs/microservices';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PendingRequest } from './pending-request.js';

describe('a request that waits', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('has its time for each answer anew, and leaves no timer however it ends', () => {
    const told: WritePacket[] = [];
    const ends = { end: 0, leave: 0 };
    const begin = () =>
      new PendingRequest({
        pattern: 'ask',
        timeoutMs: 1_000,
        callback: (packet) => told.push(packet),
        onEnd: () => (ends.end += 1),
        onLeave: () => (ends.leave += 1),
      });
    const limited = begin();
    for (let count = 0; count < 5; count += 1) {
      vi.advanceTimersByTime(999);
      limited.answer('server', { response: count });
    }
    vi.advanceTimersByTime(1_000);
    expect(told.map(({ response }) => response as unknown)).toEqual([0, 1, 2, 3, 4, undefined]);
    expect(told.at(-1)?.err).toMatchObject({ code: 'no-answer' });
    const requests = Array.from({ length: 300 }, begin);
    for (const [index, request] of requests.entries()) {
      if (index % 3 === 0) request.answer('server', { isDisposed: true });
      else if (index % 3 === 1) request.leave();
      else request.fail(new Error('not sent'));
      request.answer('server', { response: 'late' });
      request.leave();
      request.fail('again');
    }
    expect(vi.getTimerCount()).toBe(0);
    expect([ends, told.length]).toEqual([{ end: 301, leave: 101 }, 6 + 200]);
  });
});
