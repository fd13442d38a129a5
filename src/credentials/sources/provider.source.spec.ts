import { CredentialProvider } from '@gomomento/sdk';
import { describe, expect, it, vi } from 'vitest';
import { Canary, printed, reachableTexts } from '../../../test/support/canary.js';
import { makeV2Key, regionEndpoint } from '../../../test/support/keys.js';
import type { CredentialSource } from '../fetched/credential-source.js';
import { toCredentialSource } from './provider.source.js';

const context = { signal: new AbortController().signal, refresh: true };

class Vault implements CredentialSource {
  isFixed = false;
  close = vi.fn<() => void>();
  #text = 'the vault';

  describe() {
    return this.#text;
  }

  async fetch(given: object) {
    return { content: this.#text, isSame: given === context };
  }
}

describe('toCredentialSource', () => {
  it('passes a source of one’s own on', async () => {
    const vault = new Vault();
    const source = toCredentialSource(vault);
    expect(source.describe()).toBe('the vault');
    expect(await source.fetch(context)).toEqual({ content: 'the vault', isSame: true });
    expect(source.isFixed).toBe(false);
    vault.isFixed = true;
    expect(source.isFixed).toBe(true);
    await source.close?.();
    expect(vault.close).toHaveBeenCalledOnce();
    await toCredentialSource({ describe: () => '', fetch: async () => ({ content: '' }) }).close?.();
  });

  it('makes what a source says of itself fit for logs', () => {
    const key = makeV2Key();
    const describedAs = (tell: () => string) =>
      toCredentialSource({ describe: tell, fetch: async () => ({ content: '' }) }).describe();
    expect(describedAs(() => `vault https://me:pass@a.test?token=1\n${key}\u001b[0m`)).toBe(
      String.raw`vault https://[REDACTED]@a.test?token=[REDACTED] [REDACTED]\u001b[0m`,
    );
    expect(
      describedAs(() => {
        throw new Error('sealed');
      }),
    ).toBe('the given source');
  });

  it('gives an SDK CredentialProvider for ever, and does not show its key', async () => {
    const apiKey = makeV2Key();
    const canary = new Canary(apiKey);
    const provider = CredentialProvider.fromApiKeyV2({ apiKey, endpoint: regionEndpoint });
    const source = toCredentialSource(provider);
    const found = await source.fetch(context);
    expect('provider' in found && found.provider).toBe(provider);
    expect(source.isFixed).toBe(true);
    expect(source.describe()).toBe('the given CredentialProvider');
    expect(canary.findIn(printed(provider))).toBeDefined();
    for (const shown of [source, found])
      expect(canary.findIn(`${printed(shown)} ${reachableTexts(shown)}`)).toBeUndefined();
  });
});
