// Builds the package twice from one source: ESM into dist/esm and CommonJS into dist/cjs, each with its own types.
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';

const tsc = (project) => execFileSync('npx', ['tsc', '-p', project], { stdio: 'inherit' });

rmSync('dist', { recursive: true, force: true });
tsc('tsconfig.build.json');
tsc('tsconfig.build.cjs.json');
// The package is ESM by its manifest; this marks the second build as CommonJS for Node and for TypeScript.
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n');
