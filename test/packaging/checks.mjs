// What is checked of an app that the package is installed in.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { exit, loadedModules, run, runUntilClosed, start, step } from './tools.mjs';

/** How long an app may live on after it has closed. */
const graceMs = 2_000;

/** Runs a program of the app that prints `marker` when it has closed everything, and warns of nothing of Node's. */
export function endsByItself(name, file, { cwd, args = [], marker = 'closed' }) {
  return step(name, async () => {
    const printed = await runUntilClosed(process.execPath, [file, ...args], { cwd, marker, graceMs });
    assert.doesNotMatch(printed, /ExperimentalWarning/);
  });
}

export function checkTypes(name, cwd, project, options = []) {
  return step(name, () => run('npx', ['tsc', '-p', project, ...options], { cwd }));
}

export function withoutAwsSdk(cwd) {
  return rm(join(cwd, 'node_modules/@aws-sdk/client-secrets-manager'), { recursive: true });
}

/** npm also fails when what is installed does not fit what a package asks for. */
export function checkOneCopyOfGrpc(name, cwd) {
  return step(`${name}: one copy of gRPC beside the SDK`, async () => {
    const packages = ['@gomomento/generated-types', '@grpc/grpc-js'];
    const { stdout } = await run('npm', ['ls', '--all', '--parseable', ...packages], { cwd });
    const found = stdout.split('\n').filter((path) => packages.some((one) => path.endsWith(`/${one}`)));
    assert.deepEqual(
      found.map((path) => path.slice(cwd.length)),
      packages.map((one) => `/node_modules/${one}`),
    );
  });
}

/** The main entry loads no optional peer, though they are installed, and not the embedded servers; and it is of one build. */
export async function checkLaziness(name, cwd, ways) {
  const lazy =
    /node_modules\/(@aws-sdk|@smithy|@nestjs\/testing)\/|nestjs-momento\/dist\/(esm|cjs)\/(local|testing)\//;
  const scripts = { import: "await import('nestjs-momento')", require: requiring('nestjs-momento') };
  for (const { how, build, nodeOptions = [] } of ways) {
    await step(
      `${name}: ${[how, ...nodeOptions].join(' ')} loads the ${build} build, and only what it needs`,
      async () => {
        const urls = await loadedModules(scripts[how], { cwd, nodeOptions });
        const builds = urls
          .map((url) => /\/nestjs-momento\/dist\/(esm|cjs)\//.exec(url)?.[1])
          .filter(Boolean);
        assert.deepEqual([...new Set(builds)], [build]);
        assert.deepEqual(
          urls.filter((url) => lazy.test(url)),
          [],
        );
      },
    );
  }
}

/** Node refuses to `require` an ES module that awaits at its top level, or that imports one which does. */
export function checkEntriesAreSynchronous(name, cwd) {
  return step(`${name}: nothing that an entry reaches awaits at its top level`, async () => {
    const manifest = JSON.parse(
      await readFile(join(cwd, 'node_modules/nestjs-momento/package.json'), 'utf8'),
    );
    const entries = Object.keys(manifest.exports).map((entry) => entry.replace('.', 'nestjs-momento'));
    assert.ok(entries.length > 3);
    const script = entries.map(requiring).join(';');
    await run(process.execPath, ['--input-type=module', '--eval', script], { cwd });
  });
}

function requiring(specifier) {
  return `(await import('node:module')).createRequire(process.cwd() + '/')('${specifier}')`;
}

export async function checkCommand(cwd) {
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
