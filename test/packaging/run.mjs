// Packs the package as it would be published, checks the tarball, installs it into the apps beside this file, and runs each
// as its users would. Needs a build in dist/; leaves nothing behind.
import assert from 'node:assert/strict';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  checkCommand,
  checkEntriesAreSynchronous,
  checkLaziness,
  checkOneCopyOfGrpc,
  checkTypes,
  endsByItself,
  removeAwsSdk,
} from './checks.mjs';
import { run, step, summarize } from './tools.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const fixtures = fileURLToPath(new URL('apps', import.meta.url));
const withoutAwsSdk = 'tsconfig.without-aws-sdk.json';
const saysWhatToInstall = 'without the AWS SDK the boot says what to install';

const work = await mkdtemp(join(tmpdir(), 'nestjs-momento-package-'));
const tarball = join(work, 'nestjs-momento.tgz');
const [nest12, nest11, bundles] = ['nest12', 'nest11-cjs-jest', 'bundles'].map((name) => join(work, name));
try {
  if (await step('npm pack', pack)) {
    const ready = await Promise.all([prepareNest12(), prepareNest11(), checkTarball()]);
    // One at a time: how soon they end is measured.
    if (ready[0]) await runNest12();
    if (ready[1]) await runNest11();
    await Promise.all([ready[0] && checkNest12Types(), ready[1] && checkNest11Types()]);
  }
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
  for (const path of [
    'LICENSE',
    'README.md',
    'CHANGELOG.md',
    'docs/format.md',
    'docs/grafana-dashboard.json',
    'package.json',
  ])
    assert.ok(paths.includes(path), `${path} is missing`);
  const strangers = paths.filter(
    (path) =>
      path.includes('/') &&
      !/^dist\/(esm|cjs)\/.+\.(js|d\.ts)$|^dist\/cjs\/package\.json$|^docs\/(.+\.md|grafana-dashboard\.json)$/.test(
        path,
      ),
  );
  assert.deepEqual(strangers, [], 'only the two builds and the documents belong into the package');
  const tests = paths.filter((path) => /[.-]spec\.|\.fixture\.|(^|\/)(test|sample|bench)\//.test(path));
  assert.deepEqual(tests, [], 'tests do not belong into the package');
}

async function checkTarball() {
  await step('publint', () => run('npx', ['publint', 'run', tarball, '--strict'], { cwd: root }));
  await step('are the types wrong', () => run('npx', ['attw', tarball], { cwd: root }));
}

/** Installs the tarball with what the fixture pins, into a copy of the fixture that has the sources which the apps share. */
function install(name, cwd, sources) {
  return step(`${name}: npm install`, async () => {
    await cp(join(fixtures, basename(cwd)), cwd, { recursive: true });
    await cp(join(fixtures, 'shared'), join(cwd, sources, 'shared'), { recursive: true });
    await run('npm', ['install', '--no-package-lock', '--prefer-offline', '--no-audit', '--no-fund'], {
      cwd,
    });
    await checkOneCopyOfGrpc(cwd);
  });
}

/** One app's source, built as ESM and as CommonJS, and bundled. */
async function prepareNest12() {
  if (!(await install('nest12', nest12, 'esm/src'))) return false;
  for (const build of ['esm', 'cjs']) {
    await cp(join(nest12, 'src'), join(nest12, build, 'src'), { recursive: true });
    if (!(await checkTypes(`nest12-${build}: tsc`, join(nest12, build), 'tsconfig.json'))) return false;
  }
  return step('bundles: esbuild and webpack', () =>
    run(process.execPath, ['bundle.mjs', bundles], { cwd: nest12 }),
  );
}

/** The app of the lowest versions that the package takes. */
async function prepareNest11() {
  return (
    (await install('nest11', nest11, 'test')) &&
    checkTypes('nest11: tsc', nest11, 'tsconfig.json', ['--noEmit'])
  );
}

async function runNest12() {
  const cwd = nest12;
  await checkLaziness('nest12', cwd, 'import', 'esm');
  await checkLaziness('nest12', cwd, 'require', 'esm');
  await checkEntriesAreSynchronous('nest12', cwd);
  for (const build of ['esm', 'cjs'])
    await endsByItself(`nest12-${build}: the app stores, reads and ends`, `${build}/dist/main.js`, { cwd });
  await endsByItself('nest12-esm: a CommonJS library has the same classes', 'esm/dist/one-copy.js', { cwd });
  for (const suite of ['caching', 'topics', 'adapters'])
    for (const framework of ['express', 'fastify'])
      await endsByItself(`nest12: ${suite} on ${framework}`, 'esm/dist/suite.js', {
        cwd,
        args: [suite, framework],
      });
  await checkCommand(cwd, 'esm/dist/set-up.js');
  // Where no package is installed.
  for (const name of ['esbuild-cjs', 'esbuild-esm', 'esbuild-esm-splitting', 'webpack-cjs', 'webpack-esm'])
    await endsByItself(`bundles: ${name} stores, reads and ends`, 'main.js', { cwd: join(bundles, name) });

  await removeAwsSdk(cwd);
  for (const build of ['esm', 'cjs'])
    await endsByItself(`nest12-${build}: ${saysWhatToInstall}`, `${build}/dist/without-aws-sdk.js`, { cwd });
}

async function runNest11() {
  const cwd = nest11;
  await checkLaziness('nest11', cwd, 'import', 'esm');
  await checkLaziness('nest11', cwd, 'require', 'esm');
  await checkLaziness('nest11', cwd, 'require', 'cjs', ['--no-experimental-require-module']);
  const runJest = (name, file) =>
    endsByItself(`nest11: ${name}`, 'node_modules/.bin/jest', {
      cwd,
      args: [file],
      marker: 'Ran all test suites',
    });
  await runJest('jest, with and without overrideMomento', 'users');
  await runJest('jest, caching on Express and on Fastify', 'caching');
  await runJest('jest, topics on Express and on Fastify', 'topics');
  await runJest('jest, adapters on Express and on Fastify', 'adapters');

  await removeAwsSdk(cwd);
  await runJest(saysWhatToInstall, 'without-aws-sdk');
}

/** Of all libraries (skipLibCheck: false), with the AWS SDK gone. */
async function checkNest12Types() {
  const [esm, cjs] = ['esm', 'cjs'].map((build) => join(nest12, build));
  const node10 = ['--module', 'commonjs', '--moduleResolution', 'node10', '--ignoreDeprecations', '6.0'];
  await checkTypes('nest12-esm: types without the AWS SDK, nodenext', esm, withoutAwsSdk);
  await checkTypes('nest12-cjs: types without the AWS SDK, node10', cjs, withoutAwsSdk, node10);
}

async function checkNest11Types() {
  const nodenext = ['--module', 'nodenext', '--moduleResolution', 'nodenext'];
  await checkTypes('nest11: types without the AWS SDK, node10', nest11, withoutAwsSdk);
  await checkTypes('nest11: types without the AWS SDK, nodenext', nest11, withoutAwsSdk, nodenext);
}
