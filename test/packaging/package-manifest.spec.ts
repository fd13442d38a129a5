import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const root = new URL('../../', import.meta.url);

interface Manifest {
  readonly version: string;
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

interface Lock {
  readonly packages: Readonly<Record<string, { readonly resolved?: string }>>;
}

const readText = (path: string) => readFileSync(new URL(path, root), 'utf8');
const read = (path: string): Manifest => JSON.parse(readText(path));
const manifest = read('package.json');
const lock: Lock = JSON.parse(readText('package-lock.json'));

/** The public entry points and the sources that they are built from. */
const rooms = [
  'local',
  'testing',
  'health',
  'keyv',
  'throttler',
  'telemetry',
  'microservices',
  'graphql',
] as const;
const entries = { '.': 'index', ...Object.fromEntries(rooms.map((room) => [`./${room}`, `${room}/index`])) };

describe('the published manifest', () => {
  it('exports the entry points and itself, nothing else', () => {
    expect(Object.keys(manifest.exports)).toEqual([...Object.keys(entries), './package.json']);
    expect(manifest.exports['./package.json']).toBe('./package.json');
  });

  it.each(Object.entries(entries))(
    'exports %s once for Node, whether imported or required, and as CommonJS for other loaders, each with its types',
    (entry, file) => {
      const built = (build: string) => ({
        types: `./dist/${build}/${file}.d.ts`,
        default: `./dist/${build}/${file}.js`,
      });
      const conditions = manifest.exports[entry];
      // As text, since the first key that fits is taken: `types` after `default` would never be seen, nor `module-sync`.
      expect(JSON.stringify(conditions)).toBe(
        JSON.stringify({ 'module-sync': built('esm'), import: built('esm'), require: built('cjs') }),
      );
      expect(existsSync(new URL(`src/${file}.ts`, root))).toBe(true);
    },
  );

  it('serves tools that do not read exports', () => {
    expect(manifest.main).toBe('./dist/cjs/index.js');
    expect(manifest.types).toBe('./dist/cjs/index.d.ts');
    expect(manifest.typesVersions).toEqual({
      '*': Object.fromEntries(rooms.map((room) => [room, [`./dist/cjs/${room}/index.d.ts`]])),
    });
  });

  it('has the command momento-local', () => {
    expect(manifest.bin).toEqual({ 'momento-local': './dist/esm/local/bin/momento-local.js' });
    expect(readText('src/local/bin/momento-local.ts')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  it('publishes the two builds only', () => {
    expect(manifest.files).toEqual(['dist/esm', 'dist/cjs', 'docs', 'CHANGELOG.md']);
  });

  it('depends only on lru-cache, and on what the embedded servers speak, from the versions on that the lowest SDK pins', () => {
    const lowest = read('node_modules/@gomomento/sdk/package.json');
    expect(manifest.peerDependencies['@gomomento/sdk']).toBe(`^${lowest.version}`);
    // Ranges, so that a later SDK, or a security fix, brings its own versions without a release of this package.
    expect(manifest.dependencies).toEqual({
      '@gomomento/generated-types': `>=${lowest.dependencies['@gomomento/generated-types']} <1`,
      '@grpc/grpc-js': `^${lowest.dependencies['@grpc/grpc-js']}`,
      'lru-cache': '^11.0.0',
    });
  });

  it.each(['@gomomento/generated-types', '@grpc/grpc-js'])('shares one copy of %s with the SDK', (name) => {
    const copies = Object.keys(lock.packages).filter((path) => path.endsWith(`node_modules/${name}`));
    expect(copies).toEqual([`node_modules/${name}`]);
  });

  it('is locked without the addresses of a registry', () => {
    const packages = Object.values(lock.packages);
    expect(packages.length).toBeGreaterThan(100);
    expect(packages.filter((one) => one.resolved !== undefined)).toEqual([]);
  });

  it('leaves to the app what must be there once', () => {
    expect(manifest.peerDependencies).toEqual({
      '@aws-sdk/client-secrets-manager': '^3.699.0',
      '@gomomento/sdk': '^1.118.1',
      '@nestjs/common': '^11.0.0 || ^12.0.0',
      '@nestjs/core': '^11.0.0 || ^12.0.0',
      '@nestjs/microservices': '^11.0.0 || ^12.0.0',
      '@nestjs/terminus': '^11.0.0 || ^12.0.0',
      '@nestjs/testing': '^11.0.0 || ^12.0.0',
      '@nestjs/throttler': '^6.4.0',
      '@opentelemetry/api': '^1.9.0',
      'graphql-subscriptions': '^3.0.0',
      keyv: '^5.6.0',
      rxjs: '^7.2.0',
    });
  });

  it('asks only for the peers of the main entry', () => {
    const optional = Object.keys(manifest.peerDependenciesMeta);
    expect(Object.values(manifest.peerDependenciesMeta)).toEqual(optional.map(() => ({ optional: true })));
    const needed = Object.keys(manifest.peerDependencies).filter((peer) => !optional.includes(peer));
    expect(needed).toEqual(['@gomomento/sdk', '@nestjs/common', '@nestjs/core', 'rxjs']);
  });

  it('is tested with the lowest version of every peer, and with the newest', () => {
    const lowest = read('test/packaging/apps/nest11-cjs-jest/package.json');
    const newest = read('test/packaging/apps/nest12/package.json');
    for (const [peer, range] of Object.entries(manifest.peerDependencies)) {
      const installed = { ...lowest.dependencies, ...lowest.devDependencies };
      expect(range.split(' || ')[0]).toBe(`^${installed[peer]}`);
      expect(newest.dependencies[peer]).toBe(manifest.devDependencies[peer]);
    }
  });
});
