import { describe, expect, it } from 'vitest';
import { MomentoPubSub } from './momento.pub-sub.js';

describe('MomentoPubSub', () => {
  it.each([
    [{}, 'topics: is missing'],
    [{ topics: {} }, 'topics: must be a TopicService'],
    [{ topicPrefix: 1 }, 'topicPrefix: must be a string'],
    [{ cacheName: '' }, 'cacheName: must be a filled string'],
    [{ codec: {} }, 'codec: must be a codec'],
    [{ bufferSize: 0 }, 'bufferSize: must be a whole number, 1 or more'],
    [{ other: 1 }, 'other: is not an option'],
  ])('refuses the options %o', (given, problem) => {
    const failure = expect.objectContaining({
      code: 'invalid-options',
      message: expect.stringContaining(problem),
    });
    expect(() => new MomentoPubSub(given as never)).toThrow(failure);
  });
});
