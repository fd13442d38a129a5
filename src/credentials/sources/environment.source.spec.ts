import { describe, expect, it } from 'vitest';
import { stubEnvironment, useIsolatedEnvironment } from '../../../test/support/stubbed-environment.js';
import { Canary, printed, reachableTexts } from '../../../test/support/canary.js';
import { failureOf, makeV1Key, makeV2Key, regionEndpoint } from '../../../test/support/keys.js';
import { fetchedInClear } from '../../../test/support/fetched-in-clear.js';
import { fromEnvironment } from './environment.source.js';

useIsolatedEnvironment();

describe('fromEnvironment', () => {
  it('reads Momento’s documented variables, when the key is needed', async () => {
    const source = fromEnvironment();
    expect(source.describe()).toBe("environment variable 'MOMENTO_API_KEY'");
    stubEnvironment({ MOMENTO_API_KEY: 'the key' });
    expect(await fetchedInClear(source)).toEqual({ content: 'the key' });
    stubEnvironment({ MOMENTO_API_KEY: 'another key', MOMENTO_ENDPOINT: ` ${regionEndpoint}\n` });
    expect(await fetchedInClear(source)).toEqual({ content: 'another key', endpoint: regionEndpoint });
  });

  it('reads the variables it is told', async () => {
    stubEnvironment({ CACHE_KEY: 'the key', CACHE_HOST: regionEndpoint, MOMENTO_API_KEY: 'not this one' });
    const source = fromEnvironment({ apiKeyVariable: 'CACHE_KEY', endpointVariable: 'CACHE_HOST' });
    expect(source.describe()).toBe("environment variable 'CACHE_KEY'");
    expect(await fetchedInClear(source)).toEqual({ content: 'the key', endpoint: regionEndpoint });
  });

  it('shows no key when what it fetched is printed', async () => {
    const key = makeV1Key();
    stubEnvironment({ MOMENTO_API_KEY: key });
    const found = await fromEnvironment().fetch({ signal: new AbortController().signal, refresh: false });
    expect(new Canary(key).findIn(`${printed(found)} ${reachableTexts(found)}`)).toBeUndefined();
  });

  it('takes an empty endpoint for none', async () => {
    stubEnvironment({ MOMENTO_API_KEY: 'the key', MOMENTO_ENDPOINT: ' ' });
    expect(await fetchedInClear(fromEnvironment())).toEqual({ content: 'the key' });
  });

  it('says what to set when the variable is not set', async () => {
    expect(await failureOf(() => fetchedInClear(fromEnvironment()))).toMatchObject({
      code: 'environment-variable-missing',
      message: expect.stringContaining("The environment variable 'MOMENTO_API_KEY' is not set."),
      advice: expect.stringContaining('fromSecretsManager()'),
    });
  });

  it.each([
    ['v1', makeV1Key()],
    ['v2', makeV2Key()],
  ])('does not show a %s key that is given in the place of the variable’s name', async (_format, key) => {
    const source = fromEnvironment({ apiKeyVariable: key });
    const failure = await failureOf(() => fetchedInClear(source));
    expect(failure).toMatchObject({
      code: 'environment-variable-missing',
      advice: "Give the name of the variable, such as 'MOMENTO_API_KEY', not what it holds.",
    });
    expect(`${String(failure)} ${source.describe()}`).not.toContain(key.slice(0, 12));
  });
});
