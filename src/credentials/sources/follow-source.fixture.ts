import { onTestFinished } from 'vitest';
import type { CredentialSource } from '../fetched/credential-source.js';
import { KeyFollower } from '../following/key-follower.js';

/** Follows the source's key as an app does, until the test ends: its next refresh would meet another test. */
export function followSource(source: CredentialSource, bootTimeoutSeconds = 5): KeyFollower {
  const follower = new KeyFollower({ connectionName: 'default', source, bootTimeoutSeconds });
  onTestFinished(() => follower.stop());
  return follower;
}
