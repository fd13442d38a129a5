import type { WritePacket } from '@nestjs/microservices';
import { Subject } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { MomentoTopicError } from '../foundation/momento.errors.js';
import { Answers } from './answers.js';

describe('answers', () => {
  const operation = { name: 'publish', cacheName: 'cache', target: 'topic' };

  it('that are made faster than they are sent end when 10,000 wait, and the caller is told', async () => {
    const source = new Subject<number>();
    const sent: WritePacket[] = [];
    const onFailure = vi.fn<(error: unknown) => void>();
    const answers = new Answers({ publish: async (packet) => void sent.push(packet), onFailure });
    answers.follow(source);
    for (let value = 0; value < 10_000; value += 1) source.next(value);
    expect(source.observed).toBe(true);
    source.next(10_000);
    expect(source.observed).toBe(false);
    await answers.done;
    expect(sent).toEqual([
      {
        err: { status: 'error', message: expect.stringContaining('10000 answers wait already') },
        status: 'error',
        isDisposed: true,
      },
    ]);
    expect(onFailure).toHaveBeenCalledTimes(1);
  });

  it('end with the first that cannot be sent, and the caller is told where that is possible', async () => {
    const source = new Subject<number>();
    const sent: WritePacket[] = [];
    const onFailure = vi.fn<(error: unknown) => void>();
    const failure = new MomentoTopicError(operation, 'TIMEOUT_ERROR' as never, 'too slow');
    const answers = new Answers({
      publish: async (packet) => {
        if (packet.response === 2) throw failure;
        sent.push(packet);
      },
      onFailure,
    });
    answers.follow(source);
    for (const value of [1, 2, 3]) source.next(value);
    await answers.done;
    expect(source.observed).toBe(false);
    await vi.waitFor(() => expect(sent).toHaveLength(2));
    expect(sent).toEqual([
      { response: 1 },
      {
        err: { status: 'error', message: expect.stringContaining('The answer could not be sent: publish') },
        status: 'error',
        isDisposed: true,
      },
    ]);
    expect(onFailure).toHaveBeenCalledWith(failure);
  });
});
