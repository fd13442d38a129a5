import { describe, expect, it, vi } from 'vitest';
import { isLoopback } from './loopback.js';
import { MomentoLocal } from './momento/momento-local.js';
import { SecretsManagerLocal } from './secrets-manager/secrets-manager-local.js';

describe('isLoopback', () => {
  it.each(['localhost', 'LOCALHOST', '127.0.0.1', '127.255.255.254', '::1', '[::1]', '0:0:0:0:0:0:0:1'])(
    'is true of %s',
    (host) => {
      expect(isLoopback(host)).toBe(true);
    },
  );

  it.each([
    '127.999.999.999',
    '127.0.0.1.example.com',
    '127.1',
    '128.0.0.1',
    '0.0.0.0',
    '::',
    '[127.0.0.1',
    'localhost.example.com',
    'momento',
    '',
  ])('is false of %s', (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});

describe.each([
  ['MomentoLocal', MomentoLocal],
  ['SecretsManagerLocal', SecretsManagerLocal],
])('%s', (name, Server) => {
  it('warns when other machines may reach it, and then only', async () => {
    const emitWarning = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    try {
      for (const hostname of ['127.0.0.1', 'localhost']) {
        await (await Server.start({ hostname })).stop();
      }
      expect(emitWarning).not.toHaveBeenCalled();

      await (await Server.start({ hostname: '0.0.0.0' })).stop();
      expect(emitWarning).toHaveBeenCalledExactlyOnceWith(
        expect.stringContaining(`${name} listens on 0.0.0.0, where other machines may reach it`),
        { code: 'MOMENTO_LOCAL_NOT_LOOPBACK' },
      );
    } finally {
      emitWarning.mockRestore();
    }
  });
});
