import type { Logger } from '@nestjs/common';
import { Logger as NestLogger } from '@nestjs/common';
import type { MomentoLogger, MomentoLoggerFactory } from '@gomomento/sdk';
import { format } from 'node:util';
import { connectionLogger } from '../../foundation/connection-logger.js';
import { LogThrottle } from '../../foundation/log-throttle.js';
import { toLine } from '../../foundation/text/redaction.js';

/** What of the SDK's logs is passed on. */
export type SdkLogs = 'warn' | 'debug';

/** Writes the SDK's logs through Nest's `Logger`. */
export class NestMomentoLoggerFactory implements MomentoLoggerFactory {
  readonly #sdkLogs: SdkLogs;
  readonly #connectionName: string;
  readonly #throttle = new LogThrottle();

  constructor(sdkLogs: SdkLogs, connectionName: string) {
    this.#sdkLogs = sdkLogs;
    this.#connectionName = connectionName;
  }

  getLogger(loggerName: unknown): MomentoLogger {
    const logger = connectionLogger(`Momento ${nameOf(loggerName)}`, this.#connectionName);
    return this.#sdkLogs === 'debug'
      ? new EveryLine(logger)
      : new WarningsOnly(logger, (line, write) => this.#throttle.say(kindOf(line), line, write));
  }
}

/** The SDK passes a name, or the object that logs. */
function nameOf(loggerName: unknown): string {
  return typeof loggerName === 'object' && loggerName !== null
    ? loggerName.constructor.name
    : String(loggerName);
}

/** Lines that differ in numbers and quoted names only are of one kind. */
function kindOf(line: string): string {
  return line
    .slice(0, 500)
    .replace(/'[^']*'|"[^"]*"/g, "''")
    .replace(/\d+/g, '0')
    .slice(0, 100);
}

/** Errors and warnings, for the whole of an outage a line every 10 s a kind; the rest speaks of the SDK's own making. */
class WarningsOnly implements MomentoLogger {
  readonly #logger: Logger;
  readonly #throttled: (line: string, write: (line: string) => void) => void;

  constructor(logger: Logger, throttled: (line: string, write: (line: string) => void) => void) {
    this.#logger = logger;
    this.#throttled = throttled;
  }

  error(message: string, ...values: unknown[]): void {
    this.#throttled(lineOf(message, values), (line) => this.#logger.error(line));
  }

  warn(message: string, ...values: unknown[]): void {
    this.#throttled(lineOf(message, values), (line) => this.#logger.warn(line));
  }

  info(): void {
    return;
  }

  debug(): void {
    return;
  }

  trace(): void {
    return;
  }
}

/**
 * Nest shows every level unless it is told otherwise, so the SDK's are moved down by one: its `info` speaks of its own
 * making, several times a client. Its `trace`, several lines a request, is not passed on.
 */
class EveryLine implements MomentoLogger {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  error(message: string, ...values: unknown[]): void {
    this.#logger.error(lineOf(message, values));
  }

  warn(message: string, ...values: unknown[]): void {
    this.#logger.warn(lineOf(message, values));
  }

  info(message: string, ...values: unknown[]): void {
    if (NestLogger.isLevelEnabled('debug')) this.#logger.debug(lineOf(message, values));
  }

  debug(message: string, ...values: unknown[]): void {
    if (NestLogger.isLevelEnabled('verbose')) this.#logger.verbose(lineOf(message, values));
  }

  trace(): void {
    return;
  }
}

/** What a server or a proxy says is in these lines. */
function lineOf(message: string, values: readonly unknown[]): string {
  return toLine(format(message, ...values));
}
