import { AsyncLocalStorage } from 'node:async_hooks';
import type { Flight } from '../flights/flight.js';
import { MomentoReentrantLoadError } from './loader.errors.js';

/** A loader that runs, as what it calls finds it. */
interface Frame {
  readonly item: string;
  readonly flight: Flight<unknown>;
  readonly parent: Frame | undefined;
  isRunning: boolean;
}

/** Which loaders run, so that one which asks for its own key is told so instead of waiting for itself for ever. */
export class LoadingKeys {
  readonly #frames = new AsyncLocalStorage<Frame>();
  /** Loaders that run at this moment. */
  #running = 0;

  /** Whose loader has called, if one that still runs has. */
  get current(): Flight<unknown> | undefined {
    const frame = this.#frames.getStore();
    return frame?.isRunning === true ? frame.flight : undefined;
  }

  /** Runs a loader, in the async context of who asked first. */
  async run<T>(
    item: string,
    flight: Flight<unknown>,
    isBehind: boolean,
    loader: () => T | Promise<T>,
  ): Promise<T> {
    // Nobody waits for what is refreshed behind, whoever caused it.
    const parent = isBehind ? undefined : this.#frames.getStore();
    const frame: Frame = { item, flight, parent, isRunning: true };
    this.#running += 1;
    try {
      return await this.#frames.run(frame, loader);
    } finally {
      frame.isRunning = false;
      this.#running -= 1;
      // Before Node 24, each promise of the process takes twice the time as long as a storage is in use.
      if (this.#running === 0) this.#frames.disable();
    }
  }

  /**
   * Waits for a flight, on behalf of the loader in whose context this is called, if any.
   *
   * @throws MomentoReentrantLoadError when the flight waits for that loader
   */
  waitFor<T>(key: string, flight: Flight<T>): Promise<T> {
    const { current } = this;
    if (current === undefined) return flight.outcome;
    if (flight.reaches(current)) return Promise.reject(new MomentoReentrantLoadError(key));
    return current.waitFor(flight);
  }

  /** @throws MomentoReentrantLoadError when a loader of this item has called, directly or through others */
  refuseOwn(key: string, item: string): void {
    for (let frame = this.#frames.getStore(); frame !== undefined; frame = frame.parent) {
      if (frame.isRunning && frame.item === item) throw new MomentoReentrantLoadError(key);
    }
  }
}
