import {
  AuthClient,
  AuthClientConfigurations,
  CredentialProvider,
  MomentoErrorCode,
  NoopMomentoLoggerFactory,
} from '@gomomento/sdk';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failureOf } from '../../../test/support/keys.js';
import { MomentoTopicError } from '../../foundation/momento.errors.js';
import { TopicTokenService } from './topic-token.service.js';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('TopicTokenService', () => {
  it('waits ten seconds for Momento, and asks anew for the next', async () => {
    const client = new AuthClient({
      configuration: AuthClientConfigurations.Default.latest(new NoopMomentoLoggerFactory()),
      credentialProvider: CredentialProvider.forMomentoLocal({ hostname: '127.0.0.1', port: 1 }),
    });
    // As a server does that accepts the call and stays silent.
    const asked = vi.spyOn(client, 'generateDisposableToken').mockReturnValue(new Promise(() => undefined));
    const tokens = new TopicTokenService(client, 'demo', {
      connectionName: 'default',
      signal: new AbortController().signal,
      keyGeneration: () => 1,
    });
    const issue = () =>
      failureOf(() => tokens.issue({ topics: ['a'], permissions: 'both', expiresInSeconds: 60 }));
    const first = issue();
    await vi.advanceTimersByTimeAsync(9_999);
    const joined = issue();
    await vi.advanceTimersByTimeAsync(1);
    const failure = await first;
    expect(failure).toBeInstanceOf(MomentoTopicError);
    expect(failure).toMatchObject({
      code: MomentoErrorCode.TIMEOUT_ERROR,
      message: expect.stringContaining("issue 'a' in cache 'demo' failed with TIMEOUT_ERROR"),
      advice: expect.stringContaining('Momento did not answer in time'),
    });
    expect(await joined).toBe(failure);
    expect(asked).toHaveBeenCalledTimes(1);
    void issue();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(0);
    expect(asked).toHaveBeenCalledTimes(2);
  });
});
