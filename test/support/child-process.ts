import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

/** npm runs tests and benches in the project's folder. */
const root = process.cwd();
/** Inside the project, so that Node finds the packages from there. */
const outDir = join(root, 'node_modules/.cache/nestjs-momento-child-processes');

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Each line that the program printed as JSON. */
  readonly said: readonly Record<string, unknown>[];
  readonly output: string;
  /** From the last line said to the end of the process. */
  readonly lingeredMs: number;
}

export interface ProgramOptions {
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Called once, when the program has said its first line. */
  readonly onFirstLine?: (child: ChildProcess) => unknown;
}

/** A process that hangs is killed then, and its `signal` says so. */
const killAfterMs = 40_000;

/** Bundles a TypeScript program of the tests and runs it in a Node process of its own, to its end. */
export async function runProgram(url: URL, options: ProgramOptions): Promise<Exit> {
  const program = await bundle(fileURLToPath(url));
  const child = spawn(process.execPath, [program, ...options.args], {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: killAfterMs,
  });
  let output = '';
  let lastSaidAt = performance.now();
  child.stdout.once('data', () => options.onFirstLine?.(child));
  child.stdout.on('data', (chunk: Buffer) => {
    lastSaidAt = performance.now();
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const { code, signal } = await new Promise<Pick<Exit, 'code' | 'signal'>>((resolve) => {
    child.once('close', (exitCode, exitSignal) => resolve({ code: exitCode, signal: exitSignal }));
  });
  return { code, signal, output, said: jsonLines(output), lingeredMs: performance.now() - lastSaidAt };
}

const bundled = new Map<string, Promise<string>>();

function bundle(source: string): Promise<string> {
  const known = bundled.get(source) ?? bundleAnew(source);
  bundled.set(source, known);
  return known;
}

async function bundleAnew(source: string): Promise<string> {
  const name = basename(source, '.ts');
  await mkdir(outDir, { recursive: true });
  await build({
    root,
    configFile: join(root, 'vitest.config.ts'),
    logLevel: 'error',
    build: {
      ssr: source,
      outDir: join(outDir, name),
      emptyOutDir: true,
      rolldownOptions: { output: { entryFileNames: 'program.mjs' } },
    },
  });
  return join(outDir, name, 'program.mjs');
}

function jsonLines(output: string): Record<string, unknown>[] {
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}
