import type { Logger } from '@nestjs/common';
import { LogThrottle } from '../log-throttle.js';
import { describeStack } from '../text/describe-error.js';

/** What is called with the payload of an event; what it returns does not matter. */
export type Listener<Payload> = (payload: Payload) => unknown;

/**
 * Who is told of which event. A listener that fails, at once or later, is logged and counted, and disturbs nothing.
 *
 * @typeParam Events the payload of each event, by its name
 */
export class Listeners<Events extends object> {
  readonly #logger: Pick<Logger, 'error'>;
  readonly #throttle = new LogThrottle();
  /** Each list is made anew when it changes: a listener may add and remove others while it is told. */
  readonly #lists = new Map<keyof Events, readonly Listener<never>[]>();
  #failures = 0;
  #isClosed = false;

  constructor(logger: Pick<Logger, 'error'>) {
    this.#logger = logger;
  }

  /** How often a listener has failed. */
  get failures(): number {
    return this.#failures;
  }

  /**
   * The same listener twice is told twice. After `close` nothing is added.
   *
   * @throws TypeError when the listener is no function
   */
  on<E extends keyof Events & string>(event: E, listener: Listener<Events[E]>): void {
    if (typeof listener !== 'function') throw new TypeError('The listener is not a function.');
    if (!this.#isClosed) this.#lists.set(event, [...(this.#lists.get(event) ?? []), listener]);
  }

  /** Ends what the last `on` with these arguments began, if there was one. */
  off<E extends keyof Events & string>(event: E, listener: Listener<Events[E]>): void {
    const list = this.#lists.get(event) ?? [];
    const index = list.lastIndexOf(listener);
    if (index === -1) return;
    // No empty list is kept: an event without listeners costs nothing.
    if (list.length === 1) this.#lists.delete(event);
    else this.#lists.set(event, list.toSpliced(index, 1));
  }

  /** Tells everyone at once. @param payloadOf called only when there is someone to tell */
  emit<E extends keyof Events & string>(event: E, payloadOf: () => Events[E]): void {
    const list = this.#lists.get(event);
    if (list === undefined) return;
    const payload = payloadOf();
    for (const listener of list) this.#tell(event, listener as Listener<Events[E]>, payload);
  }

  /** Nobody is told any more. */
  close(): void {
    this.#isClosed = true;
    this.#lists.clear();
  }

  #tell<Payload>(event: string, listener: Listener<Payload>, payload: Payload): void {
    const report = (error: unknown) => {
      this.#failures += 1;
      this.#throttle.say(event, `A listener of '${event}' failed.`, (line) =>
        this.#logger.error(line, describeStack(error)),
      );
    };
    try {
      const outcome = listener(payload);
      // Also what is no promise of this realm, and what throws when it is asked for `then`.
      if (isObject(outcome)) void settled(outcome).catch(report);
    } catch (error) {
      report(error);
    }
  }
}

function settled(outcome: object): Promise<unknown> {
  return new Promise((resolve) => resolve(outcome));
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
