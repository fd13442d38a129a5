import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    // Tests, the sample and the README's snippets import the package by its name and run on its source.
    alias: [
      { find: /^nestjs-momento$/, replacement: source('index.ts') },
      { find: /^nestjs-momento\/(local|testing)$/, replacement: source('$1/index.ts') },
    ],
  },
  test: {
    include: ['src/**/*.spec.ts', 'test/**/*.spec.ts', 'test/**/*.e2e-spec.ts'],
    setupFiles: ['test/setup.ts'],
    pool: 'threads',
    isolate: false,
    reporters: ['default', './test/summary.reporter.ts'],
    testTimeout: 15_000,
    hookTimeout: 15_000,
    coverage: { provider: 'v8', include: ['src/**'] },
  },
});
