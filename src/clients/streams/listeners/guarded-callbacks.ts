import type { SubscribeCallOptions } from '@gomomento/sdk';
import type { Logger } from '@nestjs/common';
import { describeStack } from '../../../foundation/text/describe-error.js';
import type { InFlight } from '../../../foundation/time/in-flight.js';
import { LogThrottle } from '../../../foundation/log-throttle.js';

type Callback = (...args: unknown[]) => unknown;

const names = [
  'onItem',
  'onError',
  'onDiscontinuity',
  'onHeartbeat',
  'onConnectionLost',
  'onSubscriptionEnd',
] as const satisfies readonly (keyof SubscribeCallOptions)[];

/**
 * Keeps what users' callbacks throw away from the SDK, where it would be an uncaught exception and stall the stream, and
 * from the process, which a rejected promise that nobody takes would end. It is logged instead.
 */
export class CallbackGuard {
  readonly #logger: Logger;
  readonly #throttle = new LogThrottle();
  readonly #inFlight: InFlight;

  /** @param inFlight counts what asynchronous callbacks still do */
  constructor(logger: Logger, inFlight: InFlight) {
    this.#logger = logger;
    this.#inFlight = inFlight;
  }

  guard(callbacks: SubscribeCallOptions | undefined, what: string): SubscribeCallOptions {
    const guarded = names.map((name) => [name, this.#guardOne(callbacks, name, `${name} of ${what}`)]);
    return Object.fromEntries(guarded) as SubscribeCallOptions;
  }

  #guardOne(callbacks: SubscribeCallOptions | undefined, name: string, what: string): Callback {
    const report = (error: unknown) =>
      this.#throttle.say(what, `${what} failed.`, (line) => this.#logger.error(line, describeStack(error)));
    let callback: unknown;
    try {
      callback = callbacks === undefined ? undefined : Reflect.get(callbacks, name);
    } catch (error) {
      report(error);
    }
    if (!isCallback(callback)) return () => undefined;
    const bound = callback;
    return (...args) => {
      try {
        const outcome = Reflect.apply(bound, callbacks, args);
        if (isObject(outcome)) void this.#inFlight.track(() => settled(outcome)).catch(report);
      } catch (error) {
        report(error);
      }
    };
  }
}

/** Takes in promises of every making, also those whose `then` throws. */
function settled(outcome: object): Promise<unknown> {
  return new Promise((resolve) => resolve(outcome));
}

function isCallback(value: unknown): value is Callback {
  return typeof value === 'function';
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
