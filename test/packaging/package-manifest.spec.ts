import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);

interface Manifest {
  readonly main: string;
  readonly types: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly typesVersions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  readonly files: readonly string[];
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional: boolean }>>;
}

const read = (path: string): Manifest => JSON.parse(readFileSync(new URL(path, root), 'utf8'));
const manifest = read('package.json');

/** The public entry points and the sources that they are built from. */
const entries = { '.': 'index', './local': 'local/index', './testing': 'testing/index' };

describe('the published manifest', () => {
  it('exports the entry points and itself, nothing else', () => {
    expect(Object.keys(manifest.exports)).toEqual([...Object.keys(entries), './package.json']);
    expect(manifest.exports['./package.json']).toBe('./package.json');
  });

  it.each(Object.entries(entries))(
    'exports %s for import and require, each with its own types',
    (entry, file) => {
      const built = (build: string) => ({
        types: `./dist/${build}/${file}.d.ts`,
        default: `./dist/${build}/${file}.js`,
      });
      const conditions = manifest.exports[entry];
      expect(conditions).toEqual({ import: built('esm'), require: built('cjs') });
      // TypeScript takes the first key that fits: `types` after `default` would never be seen.
      expect(JSON.stringify(conditions)).toBe(
        JSON.stringify({ import: built('esm'), require: built('cjs') }),
      );
      expect(existsSync(new URL(`src/${file}.ts`, root))).toBe(true);
    },
  );

  it('serves tools that do not read exports', () => {
    expect(manifest.main).toBe('./dist/cjs/index.js');
    expect(manifest.types).toBe('./dist/cjs/index.d.ts');
    expect(manifest.typesVersions).toEqual({
      '*': {
        local: ['./dist/cjs/local/index.d.ts'],
        testing: ['./dist/cjs/testing/index.d.ts'],
      },
    });
  });

  it('has the command momento-local', () => {
    expect(manifest.bin).toEqual({ 'momento-local': './dist/esm/local/bin/momento-local.js' });
    expect(readFileSync(new URL('src/local/bin/momento-local.ts', root), 'utf8')).toMatch(
      /^#!\/usr\/bin\/env node\n/,
    );
  });

  it('publishes the two builds only', () => {
    expect(manifest.files).toEqual(['dist/esm', 'dist/cjs', 'CHANGELOG.md']);
  });

  it('depends only on what the embedded servers speak, as the SDK pins it', () => {
    const sdk = read('node_modules/@gomomento/sdk/package.json');
    const names = ['@gomomento/generated-types', '@grpc/grpc-js'];
    expect(manifest.dependencies).toEqual(
      Object.fromEntries(names.map((name) => [name, sdk.dependencies[name]])),
    );
  });

  it('leaves to the app what must be there once', () => {
    expect(manifest.peerDependencies).toEqual({
      '@aws-sdk/client-secrets-manager': '^3.699.0',
      '@gomomento/sdk': '^1.117.1',
      '@nestjs/common': '^11.0.0 || ^12.0.0',
      '@nestjs/core': '^11.0.0 || ^12.0.0',
      '@nestjs/testing': '^11.0.0 || ^12.0.0',
    });
  });

  it('asks only for the peers of the main entry', () => {
    expect(manifest.peerDependenciesMeta).toEqual({
      '@aws-sdk/client-secrets-manager': { optional: true },
      '@nestjs/testing': { optional: true },
    });
  });

  it('is tested with the lowest version of every peer, and with the newest', () => {
    const lowest = read('test/packaging/apps/nest11-cjs-jest/package.json');
    const newest = read('test/packaging/apps/nest12-esm/package.json');
    for (const [peer, range] of Object.entries(manifest.peerDependencies)) {
      const installed = { ...lowest.dependencies, ...lowest.devDependencies };
      expect(range.split(' || ')[0]).toBe(`^${installed[peer]}`);
      expect(newest.dependencies[peer]).toBe(manifest.devDependencies[peer]);
    }
  });
});
