import { TimeoutError } from '@gomomento/sdk';
import type { KeyFollower } from '../../credentials/following/key-follower.js';
import type { InFlight } from '../../foundation/time/in-flight.js';
import { withinTime } from '../../foundation/time/pause.js';
import { type CallOutcome, finish, isKeyRejected, isSuccess } from '../sdk/sdk-answer.js';
import type { ClientGeneration } from './client-generation.js';

/** The clients that calls are made on. */
export interface ClientsInUse {
  /** Undefined before the first use, and after the end. */
  readonly inUse: ClientGeneration | undefined;
  ready(): Promise<ClientGeneration>;
}

/** A call on its way, which another key may make necessary to repeat. */
interface Running<T> {
  readonly call: (clients: ClientGeneration) => Promise<T>;
  readonly timeoutMs: number;
  readonly usesKey: boolean;
  readonly startedAtMs: number;
  /** Whose key was rejected last. */
  rejected?: ClientGeneration;
}

/** Makes calls on the clients of the moment, and repeats what was rejected because the key has changed. */
export class CallRunner {
  readonly #follower: KeyFollower;
  readonly #clients: ClientsInUse;
  readonly #inFlight: InFlight;

  /** @param inFlight counts a call from its beginning to its end, its repeat and the waits before either included */
  constructor(follower: KeyFollower, clients: ClientsInUse, inFlight: InFlight) {
    this.#follower = follower;
    this.#clients = clients;
    this.#inFlight = inFlight;
  }

  /**
   * Makes a call. When Momento rejects the key, the call joins the look for another one and is repeated: it was not carried
   * out. It waits no longer than its time limit, the wait for the first key included.
   *
   * @param usesKey false for calls with a token of the caller's own, whose rejection says nothing of the key
   */
  run<T>(call: (clients: ClientGeneration) => Promise<T>, timeoutMs: number, usesKey: boolean): Promise<T> {
    const startedAtMs = performance.now();
    const clients = this.#clients.inUse;
    if (clients !== undefined) this.#follower.noteUse(startedAtMs);
    return this.#attempt({ call, timeoutMs, usesKey, startedAtMs }, clients);
  }

  /** No async function: nearly every call is answered at its first attempt, and pays for nothing else. */
  #attempt<T>(running: Running<T>, clients: ClientGeneration | undefined): Promise<T> {
    if (clients === undefined) return this.#inFlight.track(() => this.#attemptWhenReady(running));
    this.#inFlight.begin();
    return clients.attempt(running.call, (outcome) => {
      try {
        if (running.usesKey && isKeyRejected(outcome))
          return this.#inFlight.track(() => this.#repeat(running, clients, outcome));
        if (running.usesKey && clients.isRejected) this.#noteAccepted(clients, outcome);
        return finish(outcome);
      } finally {
        this.#inFlight.end();
      }
    });
  }

  async #attemptWhenReady<T>(running: Running<T>): Promise<T> {
    return this.#attempt(running, await this.#readyWithin(running.timeoutMs));
  }

  async #repeat<T>(running: Running<T>, clients: ClientGeneration, outcome: CallOutcome<T>): Promise<T> {
    const wasRepeated = running.rejected === clients;
    running.rejected = clients;
    clients.isRejected = true;
    const timeLeftMs = running.timeoutMs - (performance.now() - running.startedAtMs);
    if (timeLeftMs <= 0) return finish(outcome);
    // The repeat has the SDK's whole time again: to give it up half-way would leave open whether it was carried out.
    const renewal = await this.#follower.renewRejected(clients.provider, timeLeftMs, wasRepeated);
    return renewal === 'none' ? finish(outcome) : this.#attempt(running, this.#clients.inUse);
  }

  #noteAccepted(clients: ClientGeneration, outcome: CallOutcome<unknown>): void {
    if (!isSuccess(outcome)) return;
    clients.isRejected = false;
    this.#follower.noteAccepted(clients.provider);
  }

  async #readyWithin(limitMs: number): Promise<ClientGeneration> {
    const clients = await withinTime(this.#clients.ready(), limitMs);
    return clients ?? Promise.reject(new TimeoutError(`there was no key within ${limitMs} ms`));
  }
}
