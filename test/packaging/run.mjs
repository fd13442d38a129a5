// Packs the package as it would be published, checks the tarball, installs it into the apps beside this file, and runs each
// as its users would. Needs a build in dist/; leaves nothing behind.
import assert from 'node:assert/strict';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  checkCommand,
  checkEntriesAreSynchronous,
  checkLaziness,
  checkOneCopyOfGrpc,
  checkTypes,
  endsByItself,
  withoutAwsSdk,
} from './checks.mjs';
import { run, step, summarize } from './tools.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const fixtures = fileURLToPath(new URL('apps', import.meta.url));

const work = await mkdtemp(join(tmpdir(), 'nestjs-momento-package-'));
const tarball = join(work, 'nestjs-momento.tgz');
try {
  if (await step('npm pack', pack)) await Promise.all([checkNest12(), checkNest11AndTarball()]);
} finally {
  await rm(work, { recursive: true, force: true });
}
summarize();

async function pack() {
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', work], {
    cwd: root,
  });
  const [{ filename, files }] = JSON.parse(stdout);
  await rename(join(work, filename), tarball);
  checkFiles(files.map(({ path }) => path));
}

function checkFiles(paths) {
  for (const path of ['LICENSE', 'README.md', 'CHANGELOG.md', 'package.json'])
    assert.ok(paths.includes(path), `${path} is missing`);
  const strangers = paths.filter(
    (path) =>
      path.includes('/') && !/^dist\/(esm|cjs)\/.+\.(js|d\.ts)$|^dist\/cjs\/package\.json$/.test(path),
  );
  assert.deepEqual(strangers, [], 'only the two builds belong into the package');
  const tests = paths.filter((path) => /[.-]spec\.|\.fixture\.|(^|\/)(test|sample|bench)\//.test(path));
  assert.deepEqual(tests, [], 'tests do not belong into the package');
}

/** One app's source, built as ESM and as CommonJS, and bundled. */
async function checkNest12() {
  const app = await install('nest12');
  if (app === undefined) return;
  const [esm, cjs] = ['esm', 'cjs'].map((name) => join(app, name));
  await Promise.all(
    [esm, cjs].map((folder) => cp(join(app, 'src'), join(folder, 'src'), { recursive: true })),
  );

  await checkOneCopyOfGrpc('nest12', app);
  await checkLaziness('nest12', app, [
    { how: 'import', build: 'esm' },
    { how: 'require', build: 'esm' },
  ]);
  await checkEntriesAreSynchronous('nest12', app);
  await checkCommand(app);

  const built = await Promise.all([
    checkTypes('nest12-esm: tsc', esm, 'tsconfig.json'),
    checkTypes('nest12-cjs: tsc', cjs, 'tsconfig.json'),
  ]);
  if (built.includes(false)) return;
  await endsByItself('nest12-esm: the app stores, reads and ends', 'esm/dist/main.js', { cwd: app });
  await endsByItself('nest12-cjs: the app stores, reads and ends', 'cjs/dist/main.js', { cwd: app });
  await endsByItself('nest12-esm: a CommonJS library has the same classes', 'esm/dist/one-copy.js', {
    cwd: app,
  });
  await checkBundles(app);

  await withoutAwsSdk(app);
  const says = 'without the AWS SDK the boot says what to install';
  await endsByItself(`nest12-esm: ${says}`, 'esm/dist/without-aws-sdk.js', { cwd: app });
  await endsByItself(`nest12-cjs: ${says}`, 'cjs/dist/without-aws-sdk.js', { cwd: app });
  const libraries = 'tsconfig.without-aws-sdk.json';
  const node10 = ['--module', 'commonjs', '--moduleResolution', 'node10', '--ignoreDeprecations', '6.0'];
  await checkTypes('nest12-esm: types without the AWS SDK, nodenext', esm, libraries);
  await checkTypes('nest12-cjs: types without the AWS SDK, node10', cjs, libraries, node10);
}

/** The app of the lowest versions that the package takes; beside it, what needs no app. */
async function checkNest11AndTarball() {
  const app = await install('nest11-cjs-jest');
  await step('publint', () => run('npx', ['publint', 'run', tarball, '--strict'], { cwd: root }));
  await step('are the types wrong', () => run('npx', ['attw', tarball], { cwd: root }));
  if (app === undefined) return;

  await checkOneCopyOfGrpc('nest11', app);
  await checkLaziness('nest11', app, [
    { how: 'import', build: 'esm' },
    { how: 'require', build: 'esm' },
    { how: 'require', build: 'cjs', nodeOptions: ['--no-experimental-require-module'] },
  ]);
  if (!(await checkTypes('nest11: tsc', app, 'tsconfig.json', ['--noEmit']))) return;
  const runJest = (name, file) =>
    endsByItself(`nest11: ${name}`, 'node_modules/.bin/jest', {
      cwd: app,
      args: [file],
      marker: 'Ran all test suites',
    });
  await runJest('jest, with and without overrideMomento', 'users');

  await withoutAwsSdk(app);
  await runJest('without the AWS SDK the boot says what to install', 'without-aws-sdk');
  const libraries = 'tsconfig.without-aws-sdk.json';
  const nodenext = ['--module', 'nodenext', '--moduleResolution', 'nodenext'];
  await checkTypes('nest11: types without the AWS SDK, commonjs', app, libraries);
  await checkTypes('nest11: types without the AWS SDK, nodenext', app, libraries, nodenext);
}

/** Installs the tarball with what the fixture pins, into a copy of the fixture. The answer is its folder. */
async function install(name) {
  const cwd = join(work, name);
  const installed = await step(`${name}: npm install`, async () => {
    await cp(join(fixtures, name), cwd, { recursive: true });
    await run('npm', ['install', '--no-package-lock', '--prefer-offline', '--no-audit', '--no-fund'], {
      cwd,
    });
  });
  return installed ? cwd : undefined;
}

/** Each bundle is run where no package is installed. */
async function checkBundles(app) {
  const bundles = join(work, 'bundles');
  const made = await step('bundles: esbuild and webpack', () =>
    run(process.execPath, ['bundle.mjs', bundles], { cwd: app }),
  );
  if (!made) return;
  for (const name of ['esbuild-cjs', 'esbuild-esm', 'esbuild-esm-splitting', 'webpack-cjs', 'webpack-esm'])
    await endsByItself(`bundles: ${name} stores, reads and ends`, 'main.js', { cwd: join(bundles, name) });
}
