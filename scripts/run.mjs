// Runs a TypeScript program of the project on its source, with the decorator metadata that Nest needs: node scripts/run.mjs FILE [ARG…]
import { mkdtemp, rm, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'vite';

const [file, ...args] = process.argv.slice(2);
const cache = resolve('node_modules/.cache');
await mkdir(cache, { recursive: true });
// Inside the project, so that Node finds its packages from there.
const outDir = await mkdtemp(join(cache, 'run-'));
await build({
  configFile: 'vitest.config.ts',
  logLevel: 'error',
  build: {
    ssr: resolve(file),
    outDir,
    emptyOutDir: true,
    rolldownOptions: { output: { entryFileNames: 'program.mjs' } },
  },
});
process.argv = [process.argv[0], file, ...args];
const program = await import(pathToFileURL(join(outDir, 'program.mjs')).href);
await program.main?.(args);
await rm(outDir, { recursive: true, force: true });
