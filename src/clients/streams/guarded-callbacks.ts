import type { SubscribeCallOptions } from '@gomomento/sdk';
import { Logger } from '@nestjs/common';
import { describeStack } from '../../foundation/describe-error.js';
import { showName } from '../../foundation/redaction.js';

const logger = new Logger('Momento TopicClient');

/** A callback that throws would be an uncaught exception inside the SDK, and would stall the stream: it is logged instead. */
export function guardCallbacks(callbacks: SubscribeCallOptions): SubscribeCallOptions {
  const guarded = Object.entries(callbacks).map(([name, callback]: [string, unknown]) => [
    name,
    isCallback(callback) ? guard(name, callback.bind(callbacks)) : callback,
  ]);
  return Object.fromEntries(guarded) as SubscribeCallOptions;
}

function guard(name: string, callback: (...args: unknown[]) => unknown) {
  const report = (error: unknown) =>
    logger.error(`${showName(name)} of a topic subscription threw.`, describeStack(error));
  return (...args: unknown[]) => {
    try {
      const outcome = callback(...args);
      if (outcome instanceof Promise) outcome.catch(report);
    } catch (error) {
      report(error);
    }
  };
}

function isCallback(value: unknown): value is (...args: unknown[]) => unknown {
  return typeof value === 'function';
}
