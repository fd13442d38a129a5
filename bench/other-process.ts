import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'vite';

/** What the server's process has used since it started. */
export interface Usage {
  /** Microseconds, on all cores. */
  readonly cpuMicros: number;
  readonly rssBytes: number;
  /** Calls that it has answered, by their names. */
  readonly calls: Readonly<Record<string, number>>;
}

export interface OtherProcess {
  readonly port: number;
  usage(): Promise<Usage>;
  stop(): Promise<void>;
}

/** Starts `local-server.program.ts`. npm runs this in the project's folder. */
export async function startOtherProcess(): Promise<OtherProcess> {
  // Inside the project, so that Node finds its packages from there.
  const outDir = await mkdtemp(join(process.cwd(), 'node_modules/.cache/bench-'));
  await build({
    configFile: 'vitest.config.ts',
    logLevel: 'error',
    build: {
      ssr: 'bench/local-server.program.ts',
      outDir,
      rolldownOptions: { output: { entryFileNames: 'program.mjs' } },
    },
  });
  const child: ChildProcess = fork(join(outDir, 'program.mjs'), {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const [line]: unknown[] = child.stdout === null ? [] : await once(child.stdout, 'data');
  return {
    port: Number(Reflect.get(Object(JSON.parse(String(line))), 'port')),
    async usage() {
      child.send('usage');
      const [usage] = await once(child, 'message');
      return usage as Usage;
    },
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
      await rm(outDir, { recursive: true });
    },
  };
}
