import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const failed = [];

/** Runs one check and says how it went; the answer is whether it passed. */
export async function step(name, check) {
  const started = performance.now();
  try {
    await check();
    console.log(`ok    ${name} (${seconds(started)})`);
    return true;
  } catch (error) {
    failed.push(name);
    console.log(`FAIL  ${name} (${seconds(started)})\n${String(error.message).replaceAll(/^/gm, '      ')}`);
    return false;
  }
}

/** Says what failed, and sets the exit code. */
export function summarize() {
  console.log(
    failed.length === 0 ? '\nThe package is sound.' : `\nThe package is broken: ${failed.join('; ')}`,
  );
  process.exitCode = failed.length === 0 ? 0 : 1;
}

/** The environment without what would point the apps at a real account. */
const environment = Object.fromEntries(
  Object.entries(process.env).filter(([name]) => !/^(AWS|MOMENTO|NODE_V8)_/.test(name)),
);

const awsCredentials = {
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_REGION: 'us-west-2',
};

export function start(command, args, { cwd, env = {}, limitMs = 120_000 }) {
  return spawn(command, args, {
    cwd,
    env: { ...environment, ...awsCredentials, ...env },
    timeout: limitMs,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Runs a command to its end; one that fails is an error with all that it printed. */
export async function run(command, args, options) {
  const child = start(command, args, options);
  const [stdout, stderr, { code, signal }] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    exit(child),
  ]);
  if (code !== 0)
    throw new Error(`${[command, ...args].join(' ')} ended with ${code ?? signal}:\n${stdout}${stderr}`);
  return { stdout, stderr };
}

/** Runs a command that prints `marker` when it has closed everything, and holds it to end by itself soon after. */
export async function runUntilClosed(command, args, { marker, graceMs, ...options }) {
  const child = start(command, args, options);
  let closedAt;
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      if (String(chunk).includes(marker)) closedAt = performance.now();
    });
  }
  const [stdout, stderr, { code, signal }] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    exit(child),
  ]);
  const printed = `${stdout}${stderr}`;
  if (code !== 0) throw new Error(`ended with ${code ?? signal}:\n${printed}`);
  if (closedAt === undefined) throw new Error(`ended without '${marker}':\n${printed}`);
  const lingered = performance.now() - closedAt;
  if (lingered > graceMs) throw new Error(`lived on for ${Math.round(lingered)} ms after it had closed`);
  return printed;
}

export function exit(child) {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
}

/** The URLs of all modules that Node loads for a script, ESM and CommonJS alike: V8's coverage lists them. */
export async function loadedModules(script, { cwd, nodeOptions = [] }) {
  const coverage = await mkdtemp(join(cwd, 'coverage-'));
  try {
    await run(process.execPath, [...nodeOptions, '--input-type=module', '--eval', script], {
      cwd,
      env: { NODE_V8_COVERAGE: coverage },
    });
    const reports = await Promise.all(
      (await readdir(coverage)).map(async (name) => JSON.parse(await readFile(join(coverage, name), 'utf8'))),
    );
    return reports
      .flatMap(({ result }) => result.map(({ url }) => url))
      .filter((url) => url.startsWith('file:'));
  } finally {
    await rm(coverage, { recursive: true });
  }
}

function seconds(started) {
  return `${((performance.now() - started) / 1000).toFixed(1)} s`;
}
