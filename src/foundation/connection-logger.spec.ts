import { describe, expect, it } from 'vitest';
import { captureLogs } from '../../test/support/capture-logs.js';
import { connectionLogger } from './connection-logger.js';

describe('connectionLogger', () => {
  const logs = captureLogs();

  it('names the connection when it is not the default one', () => {
    logs.start();
    for (const name of [undefined, 'default', 'analytics']) connectionLogger('Momento', name).warn('away');
    expect(logs.lines).toEqual([
      'warn [Momento] away',
      'warn [Momento] away',
      "warn [Momento 'analytics'] away",
    ]);
  });
});
