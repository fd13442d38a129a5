import type { CredentialProvider } from '@gomomento/sdk';
import { Logger } from '@nestjs/common';
import type { Credential } from './key/credential.js';
import {
  type CredentialEvent,
  CredentialEvents,
  type CredentialListener,
  type CredentialStatus,
} from './credential-events.js';
import { CredentialLoader, type CredentialLoaderOptions, messageOf } from './following/credential-loader.js';
import { nextRefreshDelayMs, type RefreshOptions } from './following/refresh-plan.js';
import { RefreshTimer } from './following/refresh-timer.js';
import { RejectedKey } from './following/rejected-key.js';

export interface MomentoCredentialsOptions extends CredentialLoaderOptions {
  /** How the key is followed; `false`: only when Momento rejects it. @default {} */
  readonly refresh?: RefreshOptions | false;
}

/** Brings another key into use; rejects when Momento does not accept it or cannot be reached. */
export type KeyReplacement = (credential: Credential) => Promise<void>;

const defaultIntervalSeconds = 300;
/** A read right after a rotation may give the former version once; asked again so much later, it is a rollback. */
const staleReadPauseMs = 2_000;
const intervalsUntilStale = 3;
const expiringMs = 600_000;

/**
 * The key of one connection: fetched when first needed, once however many callers ask, and followed from then on. The key
 * in use is replaced only when another one was fetched, read and accepted by Momento; no failure of the source reaches a
 * request. Inject it to see the key's state, or to call `refreshNow()` from an EventBridge rotation event.
 */
export class MomentoCredentials {
  readonly #options: MomentoCredentialsOptions;
  readonly #logger = new Logger('MomentoCredentials');
  readonly #events = new CredentialEvents(this.#logger);
  readonly #closing = new AbortController();
  readonly #loader: CredentialLoader;
  readonly #timer: RefreshTimer;
  #replace: KeyReplacement | undefined;

  #current: Credential | undefined;
  #first: Promise<Credential> | undefined;
  #refreshing: Promise<CredentialStatus> | undefined;
  #generation = 0;
  #fetchedAt: Date | undefined;
  #lastError: string | undefined;
  /** Failed refreshes in a row; one that confirms a rejected key has failed. */
  #failures = 0;
  #saidFailing = false;
  #saidStale = false;
  #saidExpiring = false;

  /** The key before the one in use: to see it again is either a stale read or a rollback. */
  #previous: Credential | undefined;
  #seenPreviousAgain = false;

  readonly #rejected = new RejectedKey({
    closing: this.#closing.signal,
    look: () => this.refreshNow(),
    isInUse: (key) => this.#current?.provider === key,
    began: () => this.#logger.warn(`Momento rejected the key of ${this.#source}; looking for another one.`),
    endedInVain: () => {
      this.#failures += 1;
      this.#plan();
    },
  });

  constructor(options: MomentoCredentialsOptions) {
    this.#options = options;
    this.#loader = new CredentialLoader(options, this.#closing.signal);
    // Lambda freezes between calls: a timer would fire late or during another request, so use drives it there.
    const hasTimer = process.env['AWS_LAMBDA_FUNCTION_NAME'] === undefined;
    this.#timer = new RefreshTimer(() => void this.refreshNow().catch(() => undefined), hasTimer);
  }

  /**
   * The key in use; the first call fetches it.
   *
   * @throws MomentoConfigurationError when it cannot be had; the next call tries again
   * @internal
   */
  async current(): Promise<Credential> {
    if (this.#current !== undefined) return this.#current;
    this.#first ??= this.#loadFirst();
    return this.#first;
  }

  /**
   * Asks the source now, past its caches. Joins a refresh that is under way. When it has another key, that comes into use
   * without a failed request; when it fails, the key in use stays.
   *
   * @returns the status afterwards
   * @throws MomentoConfigurationError when the source fails, has no usable key, or has one that Momento does not accept;
   *   MomentoClosedError after shutdown
   */
  refreshNow(): Promise<CredentialStatus> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** What is known of the key in use. Holds no part of it, so that it can be logged or shown by a health check. */
  status(): CredentialStatus {
    const { versionId, expiresAt } = this.#current ?? {};
    const fetchedAt = this.#fetchedAt;
    const nextRefreshAt = this.#timer.dueAt;
    return {
      source: this.#source,
      generation: this.#generation,
      ...(versionId !== undefined && { versionId }),
      ...(expiresAt !== undefined && { expiresAt }),
      ...(fetchedAt !== undefined && { fetchedAt, ageSeconds: (Date.now() - fetchedAt.getTime()) / 1000 }),
      ...(nextRefreshAt !== undefined && { nextRefreshAt }),
      ...(this.#lastError !== undefined && { lastError: this.#lastError }),
    };
  }

  /** Whether the source gives the same key for ever. @internal */
  get isFixed(): boolean {
    return this.#options.source.isFixed === true;
  }

  /** Calls the listener at each such event, with the status as it then is. A listener that throws is logged. */
  on(event: CredentialEvent, listener: CredentialListener): this {
    this.#events.on(event, listener);
    return this;
  }

  /** Ends what `on` began. */
  off(event: CredentialEvent, listener: CredentialListener): this {
    this.#events.off(event, listener);
    return this;
  }

  /** Says how another key is brought into use. @internal */
  replaceWith(replace: KeyReplacement): void {
    this.#replace = replace;
  }

  /** Called at every use: a process that was frozen, or has no timers, refreshes when it is used again. @internal */
  noteUse(): void {
    this.#timer.check();
  }

  /** @internal */
  noteDrained(): void {
    this.#emit('drained');
  }

  /**
   * Looks for another key, because Momento rejected this one: one look at a time however many callers, a bounded number of
   * times, at most for the time given.
   *
   * @internal
   */
  async renewRejected(rejected: CredentialProvider, limitMs: number): Promise<void> {
    if (!this.isFixed) await this.#rejected.renew(rejected, limitMs);
  }

  /** Called when Momento answered a call with a key that it had rejected. @internal */
  noteAccepted(key: CredentialProvider): void {
    this.#rejected.clear(key);
  }

  /** Ends what is under way and plans nothing more. @internal */
  stop(): void {
    this.#closing.abort();
    this.#timer.stop();
    this.#events.removeAll();
  }

  /** Releases what the source holds. @internal */
  async close(): Promise<void> {
    await this.#options.source.close?.();
  }

  async #loadFirst(): Promise<Credential> {
    try {
      const credential = await this.#loader.loadFirst();
      this.#accept(credential);
      this.#plan(true);
      return credential;
    } catch (error) {
      // Not memoised: the secret may be put right while the app runs.
      this.#first = undefined;
      this.#lastError = messageOf(error);
      throw error;
    }
  }

  async #refresh(): Promise<CredentialStatus> {
    const current = await this.current();
    this.#timer.stop();
    try {
      const isOther = await this.#consider(await this.#loader.loadAgain(), current);
      this.#emit('refreshed');
      if (isOther) this.#emit('rotated');
    } catch (error) {
      this.#fail(error);
      throw error;
    } finally {
      this.#plan();
    }
    return this.status();
  }

  /** Takes over what was found, if it is to be. @returns whether another key is in use now */
  async #consider(found: Credential, current: Credential): Promise<boolean> {
    if (found.provider.equals(current.provider)) {
      // An equal key under a new version replaces nothing: the provider stays the one that the clients were made with.
      this.#accept({ ...found, provider: current.provider });
      return false;
    }
    const isPrevious = this.#previous?.provider.equals(found.provider) === true;
    if (isPrevious && !this.#seenPreviousAgain && !this.#rejected.is(current.provider)) {
      this.#seenPreviousAgain = true;
      return false;
    }
    await this.#replace?.(found);
    this.#previous = current;
    this.#accept(found);
    this.#logger.log(`Another key is in use: ${found.versionId ?? 'no version'} of ${this.#source}.`);
    return true;
  }

  #accept(credential: Credential): void {
    if (credential.provider !== this.#current?.provider) {
      this.#generation += 1;
      this.#saidExpiring = false;
    }
    this.#current = credential;
    this.#fetchedAt = new Date();
    this.#lastError = undefined;
    this.#saidStale = false;
    this.#seenPreviousAgain = false;
    this.#saidFailing = false;
    if (!this.#rejected.is(credential.provider)) this.#failures = 0;
    else if (!this.#rejected.isPolling) this.#failures += 1;
  }

  #fail(error: unknown): void {
    if (this.#closing.signal.aborted) return;
    // A look for another key has a rhythm of its own, and counts once when it ends.
    if (!this.#rejected.isPolling) this.#failures += 1;
    this.#lastError = messageOf(error);
    if (!this.#saidFailing) this.#logger.warn(`The key in use stays, refreshing failed: ${this.#lastError}`);
    this.#saidFailing = true;
    this.#emit('refreshFailed');
  }

  /** Says what is due to be said, and when the source is asked next. */
  #plan(isFirst = false): void {
    const { refresh = {} } = this.#options;
    if (this.#closing.signal.aborted) return;
    const intervalMs =
      1000 * ((refresh === false ? undefined : refresh.intervalSeconds) ?? defaultIntervalSeconds);
    const expiresAt = this.#current?.expiresAt?.getTime();
    const validityLeftMs = expiresAt === undefined ? undefined : expiresAt - Date.now();
    this.#warnInTime(intervalMs, validityLeftMs);
    if (refresh === false || this.isFixed) return;
    const delayMs = nextRefreshDelayMs({ intervalMs, isFirst, failures: this.#failures, validityLeftMs });
    this.#timer.set(this.#seenPreviousAgain ? Math.min(delayMs, staleReadPauseMs) : delayMs);
  }

  #warnInTime(intervalMs: number, validityLeftMs: number | undefined): void {
    const ageMs = Date.now() - (this.#fetchedAt?.getTime() ?? Date.now());
    if (!this.#saidStale && ageMs > intervalsUntilStale * intervalMs) {
      this.#saidStale = true;
      this.#logger.warn(
        `The key of ${this.#source} was not confirmed for ${Math.round(ageMs / 1000)} s; it stays in use.`,
      );
      this.#emit('stale');
    }
    if (
      !this.#saidExpiring &&
      validityLeftMs !== undefined &&
      validityLeftMs <= Math.max(expiringMs, 2 * intervalMs)
    ) {
      this.#saidExpiring = true;
      this.#logger.warn(
        `The key of ${this.#source} ends at ${this.#current?.expiresAt?.toISOString()}: store another one there.`,
      );
      this.#emit('expiring');
    }
  }

  get #source(): string {
    return this.#options.source.describe();
  }

  #emit(event: CredentialEvent): void {
    this.#events.emit(event, this.status());
  }
}
