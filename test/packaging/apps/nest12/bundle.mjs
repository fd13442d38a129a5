// Bundles the compiled app in five ways, all of it in each: node bundle.mjs OUTPUT-FOLDER
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import webpack from 'webpack';

const [output] = process.argv.slice(2);
const entry = resolve('esm/dist/main.js');
/** Nest loads them where they are installed; its documentation leaves them out of bundles. */
const optional = ['@nestjs/microservices', '@nestjs/websockets', 'class-transformer', 'class-validator'];

const esbuildOptions = {
  entryPoints: [entry],
  bundle: true,
  platform: 'node',
  target: 'node20',
  external: optional.flatMap((name) => [name, `${name}/*`]),
  keepNames: true,
  logLevel: 'error',
};
/** What is CommonJS in the bundle requires Node's own modules. */
const requireInEsm = {
  js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
};

const webpackOptions = {
  mode: 'none',
  target: 'node20',
  entry,
  externals: [({ request }, callback) => callback(null, isOptional(request) && `commonjs ${request}`)],
};

const builds = {
  'esbuild-cjs': (outdir) =>
    build({ ...esbuildOptions, outdir, format: 'cjs', minify: true, keepNames: false }),
  'esbuild-esm': (outdir) => build({ ...esbuildOptions, outdir, format: 'esm', banner: requireInEsm }),
  'esbuild-esm-splitting': (outdir) =>
    build({ ...esbuildOptions, outdir, format: 'esm', banner: requireInEsm, splitting: true }),
  'webpack-cjs': (path) => runWebpack({ ...webpackOptions, output: { path, filename: 'main.js' } }),
  'webpack-esm': (path) =>
    runWebpack({
      ...webpackOptions,
      output: { path, filename: 'main.js', module: true, chunkFormat: 'module', library: { type: 'module' } },
      experiments: { outputModule: true },
    }),
};

for (const [name, bundle] of Object.entries(builds)) {
  const folder = join(output, name);
  await mkdir(folder, { recursive: true });
  const type = name.includes('esm') ? 'module' : 'commonjs';
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type }));
  await bundle(folder);
}

function isOptional(request) {
  return optional.some((name) => request === name || request.startsWith(`${name}/`));
}

async function runWebpack(options) {
  const stats = await promisify(webpack)(options);
  if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }));
}
