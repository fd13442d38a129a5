// Packs the package as it would be published, checks the tarball, installs it into the apps beside this file, and runs each
// as its users would. Needs a build in dist/; leaves nothing behind.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { exit, loadedModules, run, runUntilClosed, start, step, summarize } from './tools.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const fixtures = fileURLToPath(new URL('apps', import.meta.url));
/** How long an app may live on after it has closed. */
const graceMs = 2_000;
const awsSdk = '@aws-sdk/client-secrets-manager';

const work = await mkdtemp(join(tmpdir(), 'nestjs-momento-package-'));
const tarball = join(work, 'nestjs-momento.tgz');
try {
  if (await step('npm pack', pack)) {
    const installed = await Promise.all([
      install('nest12-esm', 'nest12-shared'),
      install('nest12-cjs', 'nest12-shared'),
      install('nest11-cjs-jest'),
      checkTarball(),
    ]);
    // One at a time: how soon they end is measured.
    if (installed[0]) await checkNest12('nest12-esm');
    if (installed[1]) await checkNest12('nest12-cjs');
    if (installed[2]) await checkNest11('nest11-cjs-jest');
    if (installed[0]) await checkCommand('nest12-esm');
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

async function checkTarball() {
  await step('publint', () => run('npx', ['publint', 'run', tarball, '--strict'], { cwd: root }));
  await step('are the types wrong', () => run('npx', ['attw', tarball], { cwd: root }));
}

/** Installs the tarball with what the fixture pins, into a copy of the fixture. */
function install(name, shared) {
  return step(`${name}: npm install`, async () => {
    const cwd = join(work, name);
    for (const fixture of [shared, name].filter(Boolean))
      await cp(join(fixtures, fixture), cwd, { recursive: true });
    await run('npm', ['install', '--no-package-lock', '--prefer-offline', '--no-audit', '--no-fund'], {
      cwd,
    });
  });
}

async function checkNest12(name) {
  const cwd = join(work, name);
  await checkLaziness(name);
  if (!(await step(`${name}: tsc`, () => run('npm', ['run', 'build'], { cwd })))) return;
  const runApp = (file) =>
    runUntilClosed(process.execPath, [`dist/${file}.js`], { cwd, marker: 'closed', graceMs });
  await step(`${name}: the app stores, reads and ends`, () => runApp('main'));
  await step(`${name}: without the AWS SDK the boot says what to install`, async () => {
    await rm(join(cwd, 'node_modules', awsSdk), { recursive: true });
    await runApp('without-aws-sdk');
  });
}

async function checkNest11(name) {
  const cwd = join(work, name);
  await checkLaziness(name);
  if (!(await step(`${name}: tsc`, () => run('npm', ['run', 'build'], { cwd })))) return;
  const runJest = (file) =>
    runUntilClosed('npx', ['jest', file], { cwd, marker: 'Ran all test suites', graceMs });
  await step(`${name}: jest, with and without overrideMomento`, () => runJest('users'));
  await step(`${name}: without the AWS SDK the boot says what to install`, async () => {
    await rm(join(cwd, 'node_modules', awsSdk), { recursive: true });
    await runJest('without-aws-sdk');
  });
}

/** The main entry loads no optional peer, though they are installed, and not the embedded servers. */
async function checkLaziness(name) {
  const cwd = join(work, name);
  const lazy =
    /node_modules\/(@aws-sdk|@smithy|@nestjs\/testing)\/|nestjs-momento\/dist\/(esm|cjs)\/(local|testing)\//;
  const scripts = {
    import: "await import('nestjs-momento')",
    require: "(await import('node:module')).createRequire(process.cwd() + '/')('nestjs-momento')",
  };
  for (const [how, script] of Object.entries(scripts)) {
    await step(`${name}: ${how} loads only what it needs`, async () => {
      const urls = await loadedModules(script, { cwd });
      const build = how === 'import' ? 'esm' : 'cjs';
      assert.ok(urls.some((url) => url.endsWith(`/nestjs-momento/dist/${build}/index.js`)));
      assert.deepEqual(
        urls.filter((url) => lazy.test(url)),
        [],
      );
    });
  }
}

async function checkCommand(name) {
  const cwd = join(work, name);
  await step('npx momento-local --help', async () => {
    const env = { npm_config_yes: 'false' }; // the installed one, never one from the registry
    const { stdout } = await run('npx', ['momento-local', '--help'], { cwd, env });
    assert.match(stdout, /^Usage: momento-local/);
  });
  await step('momento-local --json prints one line and ends with SIGTERM', async () => {
    const command = join(cwd, 'node_modules', '.bin', 'momento-local');
    const child = start(command, ['--json', '--port', '0', '--secrets-port', '0'], { cwd, limitMs: 20_000 });
    const ended = exit(child);
    const [line] = await once(createInterface(child.stdout), 'line');
    assert.ok(JSON.parse(line).environment.MOMENTO_API_KEY);
    child.kill('SIGTERM');
    assert.deepEqual(await ended, { code: 0, signal: null });
  });
}
