// Builds the package twice from one source: ESM into dist/esm and CommonJS into dist/cjs, each with its own types.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const compiler = fileURLToPath(import.meta.resolve('typescript/bin/tsc'));

async function compile(project) {
  const [exitCode] = await once(
    spawn(process.execPath, [compiler, '-p', project], { stdio: 'inherit' }),
    'exit',
  );
  return exitCode === 0;
}

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
rmSync('dist', { recursive: true, force: true });
const compiled = await Promise.all(['tsconfig.build.json', 'tsconfig.build.cjs.json'].map(compile));
// The package is ESM by its manifest; this marks the second build as CommonJS for Node and for TypeScript.
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n');
if (compiled.includes(false)) process.exitCode = 1;
