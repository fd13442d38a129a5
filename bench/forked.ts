import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'vite';

/** A program of this folder that runs in processes of its own and answers what it is asked, one thing after the other. */
export interface Program {
  start(): Promise<Forked>;
  /** Forgets the bundle. Those that were started have to be stopped before. */
  remove(): Promise<void>;
}

interface Forked {
  /** The line that it printed first, as JSON. */
  readonly firstLine: Readonly<Record<string, unknown>>;
  ask(question: unknown): Promise<unknown>;
  stop(): Promise<void>;
}

/** Bundles a TypeScript program. npm runs this in the project's folder. */
export async function bundleProgram(source: string): Promise<Program> {
  // Inside the project, so that Node finds its packages from there.
  const cache = join(process.cwd(), 'node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const outDir = await mkdtemp(join(cache, 'bench-'));
  await build({
    configFile: 'vitest.config.ts',
    logLevel: 'error',
    build: { ssr: source, outDir, rolldownOptions: { output: { entryFileNames: 'program.mjs' } } },
  });
  return {
    start: () => start(join(outDir, 'program.mjs')),
    remove: () => rm(outDir, { recursive: true }),
  };
}

async function start(file: string): Promise<Forked> {
  const child: ChildProcess = fork(file, {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit').then(() => {
    throw new Error(`${file} ended before it answered`);
  });
  ended.catch(() => undefined);
  const [line]: unknown[] =
    child.stdout === null ? [] : await Promise.race([once(child.stdout, 'data'), ended]);
  let last: Promise<unknown> = Promise.resolve();
  return {
    firstLine: Object(JSON.parse(String(line))) as Record<string, unknown>,
    ask(question) {
      const answer = last.then(async () => {
        child.send(Object(question) as object);
        const [message]: unknown[] = await Promise.race([once(child, 'message'), ended]);
        return message;
      });
      last = answer.catch(() => undefined);
      return answer;
    },
    async stop() {
      const exit = child.exitCode === null ? once(child, 'exit') : undefined;
      child.kill('SIGTERM');
      await exit;
    },
  };
}
