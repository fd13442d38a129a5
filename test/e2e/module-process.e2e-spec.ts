import { describe, expect, it, vi } from 'vitest';
import { awsEnvironment } from '../support/aws-environment.js';
import { runProgram } from '../support/child-process.js';
import { useEmbeddedServers } from '../support/embedded-servers.js';

const program = new URL('./module-process.program.ts', import.meta.url);

describe('an app that nobody closes', { timeout: 40_000 }, () => {
  const servers = useEmbeddedServers();

  it.each([
    ['overrideMomento', { done: 'overrideMomento' }],
    ['MomentoTestingModule', { done: 'MomentoTestingModule' }],
    ['a provider of the app fails', { failed: 'a provider of the app fails' }],
  ])('does not hold the process: %s', async (story, said) => {
    const exit = await runProgram(program, {
      args: [story, servers.secrets.endpoint, servers.momento.endpoints.cacheEndpoint],
      env: awsEnvironment,
    });
    expect(exit.said).toEqual([said]);
    expect({ code: exit.code, signal: exit.signal }).toEqual({ code: 0, signal: null });
    expect(exit.lingeredMs).toBeLessThan(2_000);
    // The process is gone; the server reads of it when its own event loop comes to it.
    await vi.waitFor(() => expect(servers.momento.connections).toBe(0), 10_000);
  });
});
