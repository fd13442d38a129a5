import { Logger } from '@nestjs/common';
import type { MomentoLogger, MomentoLoggerFactory } from '@gomomento/sdk';
import { format } from 'node:util';
import { toLine } from '../../foundation/redaction.js';

/** Writes the SDK's logs through Nest's `Logger`, at the levels that Nest is set to. */
export class NestMomentoLoggerFactory implements MomentoLoggerFactory {
  getLogger(loggerName: unknown): MomentoLogger {
    return new NestMomentoLogger(new Logger(`Momento ${nameOf(loggerName)}`));
  }
}

/** The SDK passes a name, or the object that logs. */
function nameOf(loggerName: unknown): string {
  return typeof loggerName === 'object' && loggerName !== null
    ? loggerName.constructor.name
    : String(loggerName);
}

/**
 * Nest shows every level unless it is told otherwise, so the SDK's are moved down by one: its `info` speaks of its own
 * making, several times a client. Its `trace`, several lines a request, is not passed on.
 */
class NestMomentoLogger implements MomentoLogger {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  error(message: string, ...values: unknown[]): void {
    this.#logger.error(toLine(format(message, ...values)));
  }

  warn(message: string, ...values: unknown[]): void {
    this.#logger.warn(toLine(format(message, ...values)));
  }

  info(message: string, ...values: unknown[]): void {
    if (Logger.isLevelEnabled('debug')) this.#logger.debug(toLine(format(message, ...values)));
  }

  debug(message: string, ...values: unknown[]): void {
    if (Logger.isLevelEnabled('verbose')) this.#logger.verbose(toLine(format(message, ...values)));
  }

  trace(): void {
    return;
  }
}
