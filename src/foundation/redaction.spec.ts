import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeJwt, makeLegacyKey, makeV1Key, makeV2Key } from '../../test/e2e/credentials/keys.fixture.js';
import { quoteName, redactKeys } from './redaction.js';

describe('redactKeys', () => {
  it.each([
    ['v1 key', makeV1Key()],
    ['legacy key', makeLegacyKey()],
    ['v2 key', makeV2Key()],
    ['JWT', makeJwt()],
  ])('hides a %s in any text', (_format, key) => {
    expect(redactKeys(`refused "${key}", and ${key}.`)).toBe('refused "[REDACTED]", and [REDACTED]');
    fc.assert(
      fc.property(fc.string(), fc.string(), (before, after) => {
        expect(redactKeys(`${before} ${key} ${after}`)).not.toContain(key.slice(0, 12));
      }),
    );
  });

  it('leaves what is no key as it is', () => {
    const text = "connect ECONNREFUSED 127.0.0.1:8080 for 'prod/momento-eyJ' in us-west-2";
    expect(redactKeys(text)).toBe(text);
  });
});

describe('quoteName', () => {
  it('quotes a name, unless it is a key', () => {
    expect(quoteName('prod/momento')).toBe("'prod/momento'");
    expect(quoteName(makeV1Key())).toBe("'[REDACTED]'");
  });
});
