import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

/** Timers that other files left to real servers must not meet a clock that runs a day in a moment. */
const fakedTime = ['{src,test}/**/*.faked-time.spec.ts'];

export default defineConfig({
  resolve: {
    // Tests, the sample and the README's snippets import the package by its name and run on its source.
    alias: [
      { find: /^nestjs-momento$/, replacement: source('index.ts') },
      { find: /^nestjs-momento\/(\w+)$/, replacement: source('$1/index.ts') },
    ],
  },
  test: {
    setupFiles: ['test/setup.ts'],
    // Says nothing of this project: the AWS SDK's releases of 2027 need a later Node.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    pool: 'threads',
    // More than the two cores of most runners: many tests wait for real time.
    maxWorkers: 3,
    reporters: ['default', './test/summary.reporter.ts'],
    testTimeout: 15_000,
    hookTimeout: 15_000,
    coverage: { provider: 'v8', include: ['src/**'] },
    projects: [
      {
        extends: true,
        test: {
          name: 'main',
          include: ['src/**/*.spec.ts', '{test,bench}/**/*.spec.ts', 'test/**/*.e2e-spec.ts'],
          exclude: fakedTime,
          // Halves the time of many small files.
          isolate: false,
        },
      },
      {
        extends: true,
        test: { name: 'faked time', include: fakedTime, isolate: false },
      },
    ],
  },
});
