import { describe, expect, it } from 'vitest';
import { MomentoLoaderTimeoutError } from './loader.errors.js';
import { runLoader } from './run-loader.js';

const never = new AbortController().signal;
const withoutLimit = { name: 'user:7', timeoutSeconds: undefined };

describe('runLoader', () => {
  it('gives the loader’s own outcome, in time and without a limit', async () => {
    expect(await runLoader(() => 'value', { signal: never }, withoutLimit)).toBe('value');
    expect(await runLoader(async () => 'value', { signal: never }, { name: 'k', timeoutSeconds: 5 })).toBe(
      'value',
    );
    const failure = new Error('database down');
    const fail = () => {
      throw failure;
    };
    for (const timeoutSeconds of [undefined, 5])
      await expect(runLoader(fail, { signal: never }, { name: 'k', timeoutSeconds })).rejects.toBe(failure);
  });

  it.each([
    ['listens to the signal', true],
    ['does not', false],
  ])(
    'after its time aborts the signal and says what to do, whether the loader %s',
    async (_case, listens) => {
      let given: AbortSignal | undefined;
      const loader = ({ signal }: { signal: AbortSignal }) => {
        given = signal;
        return new Promise<string>((_resolve, reject) => {
          if (listens) signal.addEventListener('abort', () => reject(new Error('aborted by the loader')));
        });
      };
      const outcome = runLoader(loader, { signal: never }, { name: "user:7\n'", timeoutSeconds: 0.001 });
      await expect(outcome).rejects.toMatchObject({
        constructor: MomentoLoaderTimeoutError,
        code: 'loader-timeout',
        message: expect.stringMatching(
          /^The loader of 'user:7\\n.*' took longer than 0\.001 s\. Make it quicker, /,
        ),
      });
      expect(given?.aborted).toBe(true);
    },
  );

  it('leaves nothing on the connection’s signal, and ends with it', async () => {
    const closing = new AbortController();
    for (let run = 0; run < 300; run += 1)
      await runLoader(async () => run, { signal: closing.signal }, { name: 'k', timeoutSeconds: 60 });
    const outcome = runLoader(
      () => new Promise<never>(() => undefined),
      { signal: closing.signal },
      { name: 'k', timeoutSeconds: 60 },
    );
    const reason = new Error('the app has closed');
    closing.abort(reason);
    await expect(outcome).rejects.toBe(reason);
  });
});
