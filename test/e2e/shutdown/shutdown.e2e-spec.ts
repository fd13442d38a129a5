import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { type Exit, runProgram } from '../../support/child-process.js';
import { awsEnvironment } from '../../support/aws-environment.js';
import { useEmbeddedServers } from '../../support/embedded-servers.js';
import { startSilentServer } from '../../support/silent-server.js';
import { makeJwt } from '../../support/keys.js';

/** The promise: `app.close()` returns and the process ends by itself within this time. */
const endsWithinMs = 2_000;

const program = new URL('./fixtures/app.program.ts', import.meta.url);

describe('the end of an app', { timeout: 30_000 }, () => {
  const servers = useEmbeddedServers();
  const run = (ending = '', onFirstLine?: (child: { kill(signal: NodeJS.Signals): void }) => unknown) =>
    runProgram(program, {
      args: [servers.secrets.endpoint, ending],
      env: awsEnvironment,
      ...(onFirstLine !== undefined && { onFirstLine }),
    });

  function expectCleanEnd(exit: Exit): void {
    expect(exit.output).not.toContain('unhandled');
    expect({ code: exit.code, signal: exit.signal }).toEqual({ code: 0, signal: null });
    expect(exit.lingeredMs).toBeLessThan(endsWithinMs);
  }

  it('answers the call in flight, refuses later ones, and lets the process end', async () => {
    const exit = await run();
    expectCleanEnd(exit);
    expect(exit.said).toEqual([
      { booted: true },
      { closedInMs: expect.any(Number), inFlight: 'answered', late: 'MomentoClosedError' },
    ]);
    await vi.waitFor(() => expect(servers.momento.connections).toBe(0));
  });

  it('returns when the shutdown timeout is over; a call without an answer ends at its own deadline', async () => {
    const exit = await run('on-signal', (child) => {
      servers.momento.faults.hang('get');
      child.kill('SIGUSR2');
    });
    expectCleanEnd(exit);
    expect(exit.said[1]).toMatchObject({ inFlight: 'MomentoCacheError', late: 'MomentoClosedError' });
    expect(exit.said[1]?.['closedInMs']).toBeGreaterThanOrEqual(499);
    expect(exit.said[1]?.['closedInMs']).toBeLessThan(1_000);
  });

  it('ends with a subscription that gets no answer, which the SDK cannot end', async () => {
    const exit = await run('subscribing', (child) => {
      servers.momento.faults.hang('topic-subscribe');
      child.kill('SIGUSR2');
    });
    expectCleanEnd(exit);
    expect(exit.said[1]).toMatchObject({ subscribing: 'MomentoTopicError' });
  });

  it('ends while another key is being proven at a host that stays silent, and refuses the refresh', async () => {
    const silent = await startSilentServer();
    onTestFinished(() => silent.stop());
    const key = JSON.stringify({ endpoint: silent.address, api_key: makeJwt({ sub: 'app' }) });
    const exit = await run('replacing', (child) => {
      servers.secrets.putSecret('Momento_Auth_Token', Buffer.from(key).toString('base64'));
      child.kill('SIGUSR2');
    });
    expectCleanEnd(exit);
    expect(silent.accepted).toBe(1);
    expect(exit.said[1]).toMatchObject({ inFlight: 'answered', refreshing: 'MomentoClosedError' });
    expect(exit.said[1]?.['closedInMs']).toBeLessThan(1_000);
  });

  it('ends with Momento gone, which leaves the SDK’s own close() waiting for minutes', async () => {
    const exit = await run('on-signal', (child) => {
      void servers.momento.faults.down().then(() => child.kill('SIGUSR2'));
    });
    expectCleanEnd(exit);
    expect(exit.said[1]).toMatchObject({ late: 'MomentoClosedError' });
    expect(exit.said[1]?.['closedInMs']).toBeLessThan(endsWithinMs);
  });

  it.each([
    ['the secret is missing', async () => servers.secrets.deleteSecret('Momento_Auth_Token')],
    ['Momento is down', () => servers.momento.faults.down()],
    ['the key is revoked', async () => servers.momento.revokeApiKey(servers.apiKey)],
    ['the cache is missing', async () => servers.momento.deleteCache('demo-cache')],
  ])('ends by itself when the boot fails because %s', async (_case, breakIt) => {
    await breakIt();
    const exit = await run('failing');
    expectCleanEnd(exit);
    expect(exit.said).toEqual([{ failed: 'MomentoConfigurationError' }]);
  });
});
