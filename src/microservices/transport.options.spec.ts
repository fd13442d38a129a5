import { describe, expect, it } from 'vitest';
import { MomentoClientProxy } from './momento-client.proxy.js';
import { MomentoServer } from './momento.server.js';

describe('the options', () => {
  it.each([
    [{}, 'topics: is missing'],
    [{ topics: {} }, 'topics: must be a TopicService'],
    [{ topicPrefix: 'a\n' }, 'topicPrefix: must be a string of at most 256 bytes'],
    [{ topicPrefix: 'x'.repeat(257) }, 'topicPrefix'],
    [{ cacheName: '' }, 'cacheName: must be a filled string'],
    [{ serializer: {} }, 'serializer: must be a serializer'],
    [{ deserializer: 1 }, 'deserializer: must be a deserializer'],
    [{ other: 1 }, 'other: is not an option'],
    [{ timeoutMs: 0 }, 'timeoutMs: '],
    [{ timeoutMs: 1.5 }, 'timeoutMs: '],
    [{ timeoutMs: 2 ** 31 }, 'timeoutMs: '],
  ])('%o are refused', (options, problem) => {
    const code = expect.objectContaining({
      name: 'MomentoConfigurationError',
      code: 'invalid-options',
      message: expect.stringContaining(problem),
    });
    expect(() => new MomentoServer(options as never)).toThrow(code);
    expect(() => new MomentoClientProxy(options as never)).toThrow(code);
  });
});
