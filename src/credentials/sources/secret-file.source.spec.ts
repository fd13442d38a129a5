import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Canary, printed, reachableTexts } from '../../../test/support/canary.js';
import { failureOf, makeV1Key, makeV2Key, regionEndpoint } from '../../../test/support/keys.js';
import { fetchedInClear } from '../../../test/support/fetched-in-clear.js';
import type { CredentialSource } from '../fetched/credential-source.js';
import { followSource } from './follow-source.fixture.js';
import { fromSecretFile } from './secret-file.source.js';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'secret-file-'));
  path = join(folder, 'momento');
});

afterEach(() => rm(folder, { recursive: true }));

/** As the boot does. */
const load = (source: CredentialSource, bootTimeoutSeconds = 5) =>
  followSource(source, bootTimeoutSeconds).current();

describe('fromSecretFile', () => {
  it('reads the file as it is, each time anew', async () => {
    const source = fromSecretFile({ path });
    expect(source.describe()).toBe(`file '${path}'`);
    for (const key of [makeV1Key(), makeV2Key()]) {
      await writeFile(path, `${key}\n`);
      expect(await fetchedInClear(source)).toEqual({ content: `${key}\n` });
    }
  });

  it('passes the field on', async () => {
    await writeFile(path, JSON.stringify({ cache: makeV1Key() }));
    expect(await fetchedInClear(fromSecretFile({ path, field: 'cache' }))).toMatchObject({ field: 'cache' });
  });

  it('lets a mounted secret rotate, and keeps the key while it is not there', async () => {
    const source = fromSecretFile({ path });
    const credentials = followSource(source, 1);
    await writeFile(path, makeV1Key());
    await credentials.current();
    await writeFile(path, makeV1Key());
    await expect(credentials.refreshNow()).resolves.toMatchObject({ generation: 2 });
    await rm(path);
    await expect(credentials.refreshNow()).rejects.toMatchObject({ code: 'file-unreadable' });
    expect(credentials.status()).toMatchObject({ generation: 2 });
  });

  it('shows no key when what it fetched is printed', async () => {
    const key = makeV1Key();
    await writeFile(path, key);
    const found = await fromSecretFile({ path }).fetch({
      signal: new AbortController().signal,
      refresh: false,
    });
    expect(new Canary(key).findIn(`${printed(found)} ${reachableTexts(found)}`)).toBeUndefined();
  });

  const readable = 'Check that the secret is mounted there and that the process may read it.';

  it.each([
    ['it is a folder', 'EISDIR', () => folder, () => folder],
    [
      'it is in a file',
      'ENOTDIR',
      () => `${import.meta.filename}/momento`,
      () => `${import.meta.filename}/momento`,
    ],
    [
      'its path holds a zero byte',
      'ERR_INVALID_ARG_VALUE',
      () => `${path}\0`,
      () => `${path}${String.raw`\u0000`}`,
    ],
  ])('says at once that the file cannot be read when %s', async (_why, code, pathOf, shown) => {
    const failure = await failureOf(() => load(fromSecretFile({ path: pathOf() }), 3_600));
    expect(failure).toMatchObject({
      code: 'file-unreadable',
      message: `The file '${shown()}' cannot be read (${code}). ${readable}`,
    });
  });

  const json = JSON.stringify({ note: 'x'.repeat(40), apiKey: makeV1Key() });

  it.each<[string, string | undefined, string, string, string]>([
    ['is not there', undefined, 'file-unreadable', 'cannot be read (ENOENT).', readable],
    ['is empty', '', 'secret-empty', 'is empty.', 'Store a Momento key in it'],
    [
      'holds JSON without its end',
      json.slice(0, 60),
      'key-malformed',
      'is not a Momento key',
      'Store the key',
    ],
    [
      'holds part of a key',
      makeV1Key().slice(0, 101),
      'key-malformed',
      'is not a Momento key',
      'Store the key',
    ],
    ['holds JSON without the key yet', '{}', 'secret-field-missing', 'has no text in', 'Store the key'],
  ])('is waited for at boot when the file %s', async (_what, content, code, message, advice) => {
    if (content !== undefined) await writeFile(path, content);
    const source = fromSecretFile({ path });
    const loading = load(source);
    await sleep(250);
    await writeFile(path, json);
    await expect(loading).resolves.toMatchObject({ endpoint: `cache.${regionEndpoint}` });

    if (content === undefined) await rm(path);
    else await writeFile(path, content);
    const failure = await failureOf(() => load(source, 0.3));
    expect(failure).toMatchObject({
      name: 'MomentoConfigurationError',
      code,
      message: expect.stringContaining(message),
      advice: expect.stringContaining(advice),
    });
    expect(String(failure)).toContain('within 0.3 s');
    expect(String(failure).match(/Store|Check/g)).toHaveLength(1);
  });

  it('does not show a key that is given in the place of the path', async () => {
    const key = makeV1Key();
    const failure = await failureOf(() => fetchedInClear(fromSecretFile({ path: key })));
    expect(failure).toMatchObject({
      message: expect.stringContaining("The file '[REDACTED]' cannot be read"),
    });
  });
});
