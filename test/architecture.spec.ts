import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** What each room may import, beside itself. Arrows go one way: module → cache → topics → clients → credentials → foundation. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  'index.ts': ['face', 'module', 'cache', 'topics', 'clients', 'credentials', 'foundation'],
  face: ['module', 'cache', 'topics', 'clients', 'credentials', 'foundation'],
  module: ['cache', 'topics', 'clients', 'credentials', 'foundation'],
  cache: ['topics', 'clients', 'credentials', 'foundation'],
  topics: ['clients', 'credentials', 'foundation'],
  clients: ['credentials', 'foundation'],
  credentials: ['foundation'],
  foundation: [],
  local: [],
  testing: ['face', 'module', 'credentials', 'local', 'foundation'],
  // Adapters, one for each entry point: nothing stands on them.
  health: ['module', 'cache', 'topics', 'credentials', 'foundation'],
  keyv: ['cache', 'foundation'],
  throttler: ['cache', 'foundation'],
  telemetry: ['face', 'cache', 'topics', 'clients', 'credentials', 'foundation'],
  microservices: ['topics', 'foundation'],
  graphql: ['topics', 'foundation'],
};

/** The room of a file: its folder; the files at the top are the module's face, but for the entry point. */
function roomOf(file: string): string {
  const [first = '', ...rest] = relative(src, file).split(sep);
  if (rest.length > 0) return first;
  return first === 'index.ts' ? first : 'face';
}

const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts') && !path.endsWith('.fixture.ts'))
  .map((path) => join(src, path));

const importsOf = (file: string): string[] =>
  Array.from(
    readFileSync(file, 'utf8').matchAll(/(?:from|import\()\s*'([^']+)'/g),
    ([, specifier = '']) => specifier,
  );

describe('the house', () => {
  it('has only known rooms, and each is used', () => {
    expect([...new Set(files.map(roomOf))].toSorted()).toEqual(Object.keys(mayImport).toSorted());
  });

  it.each(files.map((file) => [relative(src, file), file]))(
    '%s imports only what its room may',
    (_name, file) => {
      const room = roomOf(file);
      const allowed = [room, ...(mayImport[room] ?? [])];
      const rooms = importsOf(file)
        .filter((specifier) => specifier.startsWith('.'))
        .map((specifier) => roomOf(join(dirname(file), specifier.replace(/\.js$/, '.ts'))));
      expect(rooms.filter((target) => !allowed.includes(target))).toEqual([]);
    },
  );

  it('has no file that cannot be read in one go, and no room of more than ten without rooms of its own', () => {
    const long = files.filter((file) => readFileSync(file, 'utf8').split('\n').length > 251);
    expect(long.map((file) => relative(src, file))).toEqual([]);
    const folders = [...new Set(files.map((file) => dirname(file)))];
    const crowded = folders.filter((folder) => files.filter((file) => dirname(file) === folder).length > 10);
    expect(crowded.map((folder) => relative(src, folder))).toEqual([]);
  });

  it('has specs in src that stand on no e2e test', () => {
    const specs = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter((path) =>
      /\.(spec|fixture)\.ts$/.test(path),
    );
    expect(specs.length).toBeGreaterThan(40);
    expect(specs.filter((path) => readFileSync(join(src, path), 'utf8').includes('test/e2e'))).toEqual([]);
  });

  it.each(['clients', 'credentials', 'cache', 'topics', 'module'])(
    'has no circle between the rooms within %s',
    (room) => {
      const arrows = new Set<string>();
      for (const file of files.filter((one) => roomOf(one) === room)) {
        for (const specifier of importsOf(file).filter((one) => one.startsWith('.'))) {
          const [from, to] = [dirname(file), dirname(join(dirname(file), specifier))];
          const isWithin = to.startsWith(join(src, room));
          if (from !== to && isWithin) arrows.add(`${relative(src, from)} → ${relative(src, to)}`);
        }
      }
      const both = [...arrows].filter((arrow) => arrows.has(arrow.split(' → ').toReversed().join(' → ')));
      expect(both).toEqual([]);
    },
  );

  it('loads optional peers only where they are needed', () => {
    const importers = (pattern: RegExp) =>
      files.filter((file) => pattern.test(readFileSync(file, 'utf8'))).map((file) => relative(src, file));
    expect(importers(/^import (?!type)[^;]*from '@aws-sdk/m)).toEqual([]);
    expect(importers(/=> import\('@aws-sdk/)).toEqual(['credentials/sources/secrets-manager.source.ts']);
    expect(importers(/^import (?!type)[^;]*from '@nestjs\/testing'/m)).toEqual([]);
    expect(
      importers(/^import (?!type)[^;]*from '@(grpc|gomomento\/generated-types)/m).every((file) =>
        file.startsWith('local'),
      ),
    ).toBe(true);
  });

  it('touches no private field of the SDK: what its types declare private is named nowhere', () => {
    const sdk = fileURLToPath(new URL('../node_modules/@gomomento/sdk/dist/src', import.meta.url));
    const declared = [
      'cache-client.d.ts',
      'topic-client.d.ts',
      'auth-client.d.ts',
      'preview-leaderboard-client.d.ts',
      'internal/pubsub-client.d.ts',
      'internal/cache-data-client.d.ts',
    ]
      .map((path) => readFileSync(join(sdk, path), 'utf8'))
      .join('\n');
    const privates = [
      ...new Set(
        Array.from(declared.matchAll(/private (?:readonly |static )*(\w+)/g), ([, name = '']) => name),
      ),
    ];
    expect(privates).toContain('dataRequestConcurrencySemaphore');
    const ours = files.filter((file) => ['clients', 'cache', 'topics'].includes(roomOf(file)));
    // As a member of something that is not ours: our own fields are #private.
    const touched = ours.flatMap((file) => {
      const text = readFileSync(file, 'utf8');
      return privates
        .filter((name) => new RegExp(`[cC]lient(s)?\\.${name}\\b`).test(text))
        .map((name) => `${relative(src, file)}: ${name}`);
    });
    expect(touched).toEqual([]);
  });
});
