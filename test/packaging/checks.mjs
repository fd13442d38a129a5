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
  // With the types of all libraries it takes 10 s of CPU, which a busy machine may stretch.
  return step(name, () => run('npx', ['tsc', '-p', project, ...options], { cwd, limitMs: 600_000 }));
}

export function removeAwsSdk(cwd) {
  return rm(join(cwd, 'node_modules/@aws-sdk/client-secrets-manager'), { recursive: true });
}

/** npm also fails when what is installed does not fit what a package asks for. */
export async function checkOneCopyOfGrpc(cwd) {
  const packages = ['@gomomento/generated-types', '@grpc/grpc-js'];
  const { stdout } = await run('npm', ['ls', '--all', '--parseable', ...packages], { cwd });
  const found = stdout.split('\n').filter((path) => packages.some((one) => path.endsWith(`/${one}`)));
  assert.deepEqual(
    found.map((path) => path.slice(cwd.length)),
    packages.map((one) => `/node_modules/${one}`),
    'one copy is shared with the SDK',
  );
}

/** The main entry is of one build and loads no optional peer, though they are installed, and not the embedded servers. */
export function checkLaziness(name, cwd, how, build, nodeOptions = []) {
  const lazy =
    /node_modules\/(@aws-sdk|@smithy|@nestjs\/(testing|terminus|throttler|microservices|graphql)|@opentelemetry|keyv|graphql-subscriptions)\/|nestjs-momento\/dist\/(esm|cjs)\/(local|testing|health|keyv|throttler|telemetry|microservices|graphql)\//;
  const script = how === 'import' ? "await import('nestjs-momento')" : requiring('nestjs-momento');
  const way = [how, ...nodeOptions].join(' ');
  return step(`${name}: ${way} loads the ${build} build, and only what it needs`, async () => {
    const urls = await loadedModules(script, { cwd, nodeOptions });
    // Nest 11 loads its own optional packages where they are installed.
    const byNest = await loadedModules("await import('@nestjs/core')", { cwd, nodeOptions });
    const builds = urls.map((url) => /\/nestjs-momento\/dist\/(esm|cjs)\//.exec(url)?.[1]).filter(Boolean);
    assert.deepEqual([...new Set(builds)], [build]);
    assert.deepEqual(
      urls.filter((url) => lazy.test(url) && !byNest.includes(url)),
      [],
    );
  });
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

/** @param app a program that stores and reads in the environment that the command prints */
export async function checkCommand(cwd, app) {
  await step('npx momento-local --help', async () => {
    const env = { npm_config_yes: 'false' }; // the installed one, never one from the registry
    const { stdout } = await run('npx', ['momento-local', '--help'], { cwd, env });
    assert.match(stdout, /^Usage: momento-local/);
  });
  await step(
    'momento-local serves an app in the environment that it prints, and ends with SIGTERM',
    async () => {
      const command = join(cwd, 'node_modules', '.bin', 'momento-local');
      const child = start(command, ['--json', '--port', '0', '--secrets-port', '0'], { cwd });
      const ended = exit(child);
      try {
        const [line] = await once(createInterface(child.stdout), 'line');
        const { environment: env } = JSON.parse(line);
        await runUntilClosed(process.execPath, [app], { cwd, env, marker: 'closed', graceMs });
      } finally {
        child.kill('SIGTERM');
      }
      assert.deepEqual(await ended, { code: 0, signal: null });
    },
  );
}
