import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failureOf, makeV1Key } from '../../../test/e2e/credentials/keys.fixture.js';
import type { CredentialSource } from '../credential-source.js';
import { KeyFollower } from '../following/key-follower.js';
import { fromSecretFile } from './secret-file.source.js';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secret-file-'));
  path = join(folder, 'momento');
});

afterEach(() => rm(folder, { recursive: true }));

const fetchFrom = (source: CredentialSource) =>
  source.fetch({ signal: new AbortController().signal, refresh: false });

describe('fromSecretFile', () => {
  it('reads the file as it is, each time anew', async () => {
    const source = fromSecretFile({ path });
    expect(source.describe()).toBe(`file '${path}'`);
    await writeFile(path, 'the key\n');
    expect(await fetchFrom(source)).toEqual({ content: Buffer.from('the key\n') });
    await writeFile(path, 'another key\n');
    expect(await fetchFrom(source)).toEqual({ content: Buffer.from('another key\n') });
  });

  it('passes the field on', async () => {
    await writeFile(path, '{}');
    expect(await fetchFrom(fromSecretFile({ path, field: 'cache' }))).toMatchObject({ field: 'cache' });
  });

  it('lets a mounted secret rotate, and keeps the key while it is not there', async () => {
    const source = fromSecretFile({ path });
    const credentials = new KeyFollower({ connectionName: 'default', source, bootTimeoutSeconds: 1 });
    await writeFile(path, makeV1Key());
    await credentials.current();
    await writeFile(path, makeV1Key());
    await expect(credentials.refreshNow()).resolves.toMatchObject({ generation: 2 });
    await rm(path);
    await expect(credentials.refreshNow()).rejects.toMatchObject({ code: 'file-unreadable' });
    expect(credentials.status()).toMatchObject({ generation: 2 });
  });

  it.each([
    ['it is not there', 'ENOENT', () => path],
    ['it is a folder', 'EISDIR', () => folder],
    ['its path holds a zero byte', 'ERR_INVALID_ARG_VALUE', () => `${path}\0`],
  ])('says that the file cannot be read when %s', async (_why, code, pathOf) => {
    expect(await failureOf(() => fetchFrom(fromSecretFile({ path: pathOf() })))).toMatchObject({
      code: 'file-unreadable',
      message: `The file '${pathOf()}' cannot be read (${code}). Check that the secret is mounted there and that the process may read it.`,
    });
  });

  it('does not show a key that is given in the place of the path', async () => {
    const key = makeV1Key();
    const failure = await failureOf(() => fetchFrom(fromSecretFile({ path: key })));
    expect(failure).toMatchObject({
      message: expect.stringContaining("The file '[REDACTED]' cannot be read"),
    });
  });
});
