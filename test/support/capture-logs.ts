import { Logger, type LoggerService } from '@nestjs/common';
import { afterEach, beforeEach } from 'vitest';

export interface CapturedLogs {
  /** `level [context] text`, with a stack on further lines, one a call. */
  readonly lines: readonly string[];
  /** Keeps the lines; for an app whose boot is to be heard. */
  readonly logger: LoggerService;
  forget(): void;
  /** Forgets the lines and takes the logger over; call it after `compile()`, which sets one of its own. */
  start(): void;
}

type Level = 'error' | 'warn' | 'log' | 'debug' | 'verbose';

/** Keeps what Nest's `Logger` says at these levels, instead of printing it, from `start()` to the end of the test. */
export function captureLogs(levels: readonly Level[] = ['error', 'warn']): CapturedLogs {
  const lines: string[] = [];
  beforeEach(() => {
    lines.length = 0;
  });
  const record =
    (level: Level) =>
    (message: unknown, ...more: unknown[]) => {
      const [context, ...stack] = more.filter((part) => typeof part === 'string').toReversed();
      if (levels.includes(level))
        lines.push([`${level} [${context}] ${String(message)}`, ...stack].join('\n'));
    };
  const logger: LoggerService = {
    error: record('error'),
    warn: record('warn'),
    log: record('log'),
    debug: record('debug'),
    verbose: record('verbose'),
  };
  afterEach(() => Logger.overrideLogger(false));
  return {
    lines,
    logger,
    forget: () => {
      lines.length = 0;
    },
    start: () => {
      lines.length = 0;
      Logger.overrideLogger(logger);
    },
  };
}
