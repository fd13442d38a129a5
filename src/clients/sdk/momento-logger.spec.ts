import { Logger } from '@nestjs/common';
import { beforeEach, describe, expect, it } from 'vitest';
import { captureLogs } from '../../../test/support/capture-logs.js';
import { NestMomentoLoggerFactory } from './momento-logger.js';

const logs = captureLogs(['error', 'warn', 'log', 'debug', 'verbose']);
beforeEach(() => {
  Logger.overrideLogger(['fatal', 'error', 'warn', 'log', 'debug', 'verbose']);
  logs.start();
});

class CacheDataClient {}

describe("sdkLogs: 'warn'", () => {
  it('passes on errors and warnings, and nothing else', () => {
    const logger = new NestMomentoLoggerFactory('warn', 'default').getLogger(new CacheDataClient());
    logger.error('failed: %s', 'UNAVAILABLE');
    logger.warn('slow');
    for (const level of ['info', 'debug', 'trace'] as const) logger[level]('of its own making');
    expect(logs.lines).toEqual([
      'error [Momento CacheDataClient] failed: UNAVAILABLE',
      'warn [Momento CacheDataClient] slow',
    ]);
  });

  it('says lines of one kind once, whichever of its loggers and whatever numbers and names they hold', () => {
    const factory = new NestMomentoLoggerFactory('warn', 'analytics');
    for (let call = 0; call < 100; call += 1) {
      factory.getLogger('grpc').warn(`request ${call} of cache 'cache-${call}' failed after ${call * 7} ms`);
      factory.getLogger('grpc').error('Unable to connect');
    }
    expect(logs.lines).toEqual([
      "warn [Momento grpc 'analytics'] request 0 of cache 'cache-0' failed after 0 ms",
      "error [Momento grpc 'analytics'] Unable to connect",
    ]);
  });

  it('shows no key that a server or a proxy sent back', () => {
    const key = `eyJ${'a'.repeat(60)}`;
    new NestMomentoLoggerFactory('warn', 'default').getLogger('grpc').error('bad header: %s', key);
    expect(logs.lines).toHaveLength(1);
    expect(logs.lines.join()).not.toContain(key);
  });
});

describe("sdkLogs: 'debug'", () => {
  it('passes on every line but traces, a level lower', () => {
    const logger = new NestMomentoLoggerFactory('debug', 'default').getLogger('grpc');
    for (const level of ['error', 'error', 'warn', 'info', 'debug', 'trace'] as const) logger[level](level);
    expect(logs.lines.map((line) => line.replace('[Momento grpc] ', ''))).toEqual([
      'error error',
      'error error',
      'warn warn',
      'debug info',
      'verbose debug',
    ]);
  });
});
