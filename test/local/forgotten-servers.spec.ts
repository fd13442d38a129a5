import { describe, expect, it } from 'vitest';
import { runProgram } from '../support/child-process.js';

const program = new URL('./programs/forgotten-servers.program.ts', import.meta.url);

describe('servers that nobody stops', { timeout: 60_000 }, () => {
  it.each([
    ['nothing', []],
    ['use', [{ secret: 'value', answer: 'Success' }]],
    ['leave', []],
    ['tls', []],
  ])('do not hold the process: %s', async (doing, said) => {
    const exit = await runProgram(program, { args: [doing] });

    expect(exit).toMatchObject({ code: 0, signal: null, said: [...said, { done: doing }] });
    expect(exit.lingeredMs).toBeLessThan(3_000);
  });

  it('answer clients that wait, which hold the process themselves', async () => {
    const exit = await runProgram(program, { args: ['slow'] });

    expect(exit).toMatchObject({
      code: 0,
      said: [{ answer: 'Miss' }, { received: 'hello' }, { done: 'slow' }],
    });
  });

  it('go down, come up and stop to the end when nothing else is left in the process', async () => {
    const exit = await runProgram(program, { args: ['stop'] });

    expect(exit).toMatchObject({ code: 0, said: [{ stopped: true }, { done: 'stop' }] });
  });

  it('live on in the command momento-local, until it is told to end', async () => {
    const command = new URL('../../src/local/bin/momento-local.ts', import.meta.url);
    const seen: { readonly exitCode: number | null }[] = [];
    const exit = await runProgram(command, {
      args: ['--json', '--port', '0', '--secrets-port', '0'],
      onFirstLine: (child) => {
        // Long enough for a process that nothing holds to end.
        setTimeout(() => {
          seen.push({ exitCode: child.exitCode });
          child.kill('SIGTERM');
        }, 1_000);
      },
    });

    expect(seen).toEqual([{ exitCode: null }]);
    expect(exit).toMatchObject({ code: 0, signal: null, said: [{ caches: ['demo-cache'] }] });
  });
});
