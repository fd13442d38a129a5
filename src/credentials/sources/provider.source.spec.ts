import { inspect } from 'node:util';
import { CredentialProvider } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { makeV2Key, regionEndpoint } from '../../../test/e2e/credentials/keys.fixture.js';
import type { CredentialSource } from '../credential-source.js';
import { toCredentialSource } from './provider.source.js';

describe('toCredentialSource', () => {
  it('takes a source of one’s own as it is', () => {
    class Vault implements CredentialSource {
      describe = () => 'the vault';
      fetch = async () => ({ content: 'the key' });
    }
    const source = new Vault();
    expect(toCredentialSource(source)).toBe(source);
  });

  it('gives an SDK CredentialProvider for ever, and does not show its key', async () => {
    const apiKey = makeV2Key();
    const provider = CredentialProvider.fromApiKeyV2({ apiKey, endpoint: regionEndpoint });
    const source = toCredentialSource(provider);
    const context = { signal: new AbortController().signal, refresh: true };
    expect(await source.fetch(context)).toEqual({ provider });
    expect(await source.fetch(context)).toEqual({ provider });
    expect(source.describe()).toBe('the given CredentialProvider');
    expect(inspect(provider, { showHidden: true })).toContain(apiKey);
    expect(inspect(source, { showHidden: true, depth: 20 }) + JSON.stringify(source)).not.toContain(apiKey);
  });
});
