import type { Credential } from '../fetched/credential.js';

/** A key that was found and is to come into use, if Momento accepts it. One of the two is called, once. */
export interface KeyCandidate {
  readonly credential: Credential;
  /** It is in use now. */
  accept(): void;
  /** It cannot be used; the key in use stays. */
  refuse(error: unknown): void;
}

/**
 * Hands over keys one at a time: who found a key waits until who makes the clients has accepted or refused it. Without
 * anyone to make clients, a key is in use as soon as it is found.
 */
export class KeyCandidates implements AsyncIterable<KeyCandidate> {
  #offered: KeyCandidate | undefined;
  #hasTaker = false;
  #closed: { readonly error: unknown } | undefined;
  #wakeTaker: () => void = () => undefined;

  /**
   * @param accepted called at the very moment in which the key comes into use
   * @returns when it is in use; rejects with the reason when it was refused
   */
  offer(credential: Credential, accepted: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const candidate: KeyCandidate = {
        credential,
        accept: () => {
          accepted();
          resolve();
        },
        refuse: reject,
      };
      if (this.#closed !== undefined) {
        candidate.refuse(this.#closed.error);
        return;
      }
      if (!this.#hasTaker) {
        candidate.accept();
        return;
      }
      this.#offered = candidate;
      this.#wakeTaker();
    });
  }

  /** Lets the taker end. @param error for every candidate that nobody took, now and later */
  close(error: unknown): void {
    this.#closed = { error };
    this.#offered?.refuse(error);
    this.#offered = undefined;
    this.#wakeTaker();
  }

  /** The candidates, for the one who makes clients of them. Ends with `close()`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<KeyCandidate, void, undefined> {
    this.#hasTaker = true;
    while (this.#closed === undefined) {
      const candidate = this.#offered;
      this.#offered = undefined;
      if (candidate !== undefined) yield candidate;
      else
        await new Promise<void>((resolve) => {
          this.#wakeTaker = resolve;
        });
    }
  }
}
