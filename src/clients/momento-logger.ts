import { Logger } from '@nestjs/common';
import type { MomentoLogger, MomentoLoggerFactory } from '@gomomento/sdk';
import { format } from 'node:util';

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

/** The SDK's `info` speaks of its own making, several times a client, so it is Nest's `debug`; `trace` is Nest's `verbose`. */
class NestMomentoLogger implements MomentoLogger {
  readonly #logger: Logger;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  error(message: string, ...values: unknown[]): void {
    this.#logger.error(format(message, ...values));
  }

  warn(message: string, ...values: unknown[]): void {
    this.#logger.warn(format(message, ...values));
  }

  info(message: string, ...values: unknown[]): void {
    this.debug(message, ...values);
  }

  debug(message: string, ...values: unknown[]): void {
    if (Logger.isLevelEnabled('debug')) this.#logger.debug(format(message, ...values));
  }

  /** Called several times a request: not formatted unless it is shown. */
  trace(message: string, ...values: unknown[]): void {
    if (Logger.isLevelEnabled('verbose')) this.#logger.verbose(format(message, ...values));
  }
}
