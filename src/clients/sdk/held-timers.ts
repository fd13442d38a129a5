import { createHook } from 'node:async_hooks';
import type { MomentoLoggerFactory } from '@gomomento/sdk';

/** What the SDK logs right before it makes another gRPC client in place of one that lost its connection, or was idle. */
const reconnecting = 'reconnecting client';

/**
 * Lets the process end although the SDK reconnected. For each reconnect, and `close()` counts as one when the channel is
 * idle or bad, the SDK leaves a timer of twice the request timeout (10 s as configured by default, 120 s for the control
 * client) that closes the old gRPC client and holds the process. The log line is all of it that shows in public, so the
 * timer made right after that line is the one to let go of.
 */
export function releaseReconnectTimers(factory: MomentoLoggerFactory): MomentoLoggerFactory {
  return {
    getLogger: (name: unknown) => {
      const logger = factory.getLogger(name);
      return {
        error: logger.error.bind(logger),
        warn: logger.warn.bind(logger),
        info: (message, ...values) => {
          logger.info(message, ...values);
          if (message.includes(reconnecting)) releaseNextTimer();
        },
        debug: logger.debug.bind(logger),
        trace: logger.trace.bind(logger),
      };
    },
  };
}

/**
 * Does what makes timers of the SDK's at once, and lets the process end in spite of them. The deadline of a stream is such a
 * timer, an hour long; the connection of an open stream holds the process by itself, where it is to be held.
 */
export function releaseTimersOf<T>(work: () => T): T {
  const hook = letGoOfTimers();
  try {
    return work();
  } finally {
    hook.disable();
  }
}

function releaseNextTimer(): void {
  const hook = letGoOfTimers(() => hook.disable());
  queueMicrotask(() => hook.disable());
}

/** Node refs a timer after its hook has run, so it is let go of once the code that made it is done. */
function letGoOfTimers(seen: () => void = () => undefined) {
  return createHook({
    init: (_id, type, _trigger, resource) => {
      if (type !== 'Timeout' || !isTimer(resource)) return;
      seen();
      queueMicrotask(() => resource.unref());
    },
  }).enable();
}

function isTimer(resource: object): resource is NodeJS.Timeout {
  return 'unref' in resource && typeof resource.unref === 'function';
}
