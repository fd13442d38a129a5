import type { CredentialProvider } from '@gomomento/sdk';
import type { Logger } from '@nestjs/common';
import { connectionLogger } from '../../foundation/connection-logger.js';
import { Listeners } from '../../foundation/events/listeners.js';
import { MomentoClosedError } from '../../foundation/momento.errors.js';
import type { CredentialEvent, CredentialListener, CredentialStatus } from './credential-events.js';
import type { Credential } from '../fetched/credential.js';
import { CredentialLoader, type CredentialLoaderOptions, messageOf } from './credential-loader.js';
import { type KeyCandidate, KeyCandidates } from './key-candidates.js';
import { KeyRecord } from './key-record.js';
import { KeyNews, millisecondsUntilExpiring } from './key-news.js';
import { nextRefreshDelayMs, type RefreshOptions } from './refresh-plan.js';
import { RefreshTimer } from './refresh-timer.js';
import { RejectedKey, type Renewal } from './rejected-key.js';

export interface KeyFollowerOptions extends CredentialLoaderOptions {
  /** How the key is followed; `false`: only when Momento rejects it. @default {} */
  readonly refresh?: RefreshOptions | false;
}

const defaultIntervalSeconds = 300;
/** A read right after a rotation may give the former version once; asked again so much later, it is a rollback. */
const staleReadPauseMs = 2_000;

/**
 * The key of one connection: fetched when first needed, once however many callers ask, and followed from then on. The key
 * in use is replaced only when another one was fetched, read and accepted by whoever takes the candidates; no failure of the
 * source reaches a request.
 */
export class KeyFollower {
  readonly #options: KeyFollowerOptions;
  readonly #logger: Logger;
  readonly #events: Listeners<Record<CredentialEvent, CredentialStatus>>;
  readonly #news: KeyNews;
  readonly #record = new KeyRecord();
  readonly #candidates = new KeyCandidates();
  readonly #closing = new AbortController();
  readonly #loader: CredentialLoader;
  readonly #refreshTimer: RefreshTimer;
  /** For keys that are not asked for regularly: nothing else would tell in time that they end. */
  readonly #expiryTimer: RefreshTimer;
  readonly #rejected = new RejectedKey(this);
  #first: Promise<Credential> | undefined;
  #refreshing: Promise<CredentialStatus> | undefined;

  constructor(options: KeyFollowerOptions) {
    this.#options = options;
    this.#logger = connectionLogger('MomentoCredentials', options.connectionName);
    this.#events = new Listeners(this.#logger);
    this.#news = new KeyNews(this.#logger, () => this.#source);
    this.#loader = new CredentialLoader(options, this.#closing.signal);
    // Lambda freezes between calls: a timer would fire late or during another request, so use drives it there.
    const hasTimer = process.env['AWS_LAMBDA_FUNCTION_NAME'] === undefined;
    this.#refreshTimer = new RefreshTimer(() => void this.refreshNow().catch(() => undefined), hasTimer);
    this.#expiryTimer = new RefreshTimer(() => this.#plan(), hasTimer);
  }

  /** Keys to bring into use, one at a time; see `KeyCandidates`. */
  get candidates(): AsyncIterable<KeyCandidate> {
    return this.#candidates;
  }

  /** Whether the source gives the same key every time. */
  get isFixed(): boolean {
    return this.#options.source.isFixed === true;
  }

  /** The key in use at this moment; undefined before the first fetch. */
  get inUse(): Credential | undefined {
    return this.#record.current;
  }

  isInUse(key: CredentialProvider): boolean {
    return this.inUse?.provider === key;
  }

  /**
   * The key in use; the first call fetches it.
   *
   * @throws MomentoConfigurationError when there is none; the next call tries again
   */
  async current(): Promise<Credential> {
    if (this.inUse !== undefined) return this.inUse;
    this.#first ??= this.#loadFirst();
    return this.#first;
  }

  /** See `MomentoCredentials.refreshNow`. */
  refreshNow(): Promise<CredentialStatus> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  status(): CredentialStatus {
    return this.#record.status(this.#source, this.#refreshTimer.dueAt);
  }

  on(event: CredentialEvent, listener: CredentialListener): void {
    this.#events.on(event, listener);
  }

  off(event: CredentialEvent, listener: CredentialListener): void {
    this.#events.off(event, listener);
  }

  /**
   * Called at every use: a process that was frozen, or has no timers, refreshes when it is used again.
   *
   * @param nowMs of `performance.now()`
   */
  noteUse(nowMs: number): void {
    const timeOfDay = Date.now();
    this.#refreshTimer.check(nowMs, timeOfDay);
    this.#expiryTimer.check(nowMs, timeOfDay);
  }

  /** The last request on a replaced key is done. */
  noteDrained(): void {
    this.#emit('drained');
  }

  /** Looks for another key, because Momento rejected this one; see `RejectedKey.renew`. */
  async renewRejected(rejected: CredentialProvider, limitMs: number, wasRepeated = false): Promise<Renewal> {
    if (this.isFixed) return wasRepeated ? 'none' : 'same';
    if (this.isInUse(rejected) && !this.#rejected.is(rejected))
      this.#logger.warn(`Momento rejected the key of ${this.#source}; looking for another one.`);
    return this.#rejected.renew(rejected, limitMs, wasRepeated);
  }

  /** Momento answered a call with a key that it had rejected. */
  noteAccepted(key: CredentialProvider): void {
    this.#rejected.clear(key);
  }

  /** A look for another key has ended without one. */
  noteNoOther(): void {
    this.#record.failures += 1;
    this.#plan();
  }

  /** Ends what is under way and plans nothing more. */
  stop(): void {
    this.#closing.abort();
    this.#rejected.stop();
    this.#candidates.close(new MomentoClosedError(this.#options.connectionName));
    this.#refreshTimer.stop();
    this.#expiryTimer.stop();
    this.#events.close();
  }

  /** Releases what the source holds. */
  async close(): Promise<void> {
    await this.#options.source.close?.();
  }

  async #loadFirst(): Promise<Credential> {
    try {
      const credential = await this.#loader.loadFirst();
      this.#confirm(credential);
      this.#plan(true);
      return credential;
    } catch (error) {
      // Not memoised: the secret may be put right while the app runs.
      this.#first = undefined;
      this.#record.fail(messageOf(error));
      throw error;
    }
  }

  async #refresh(): Promise<CredentialStatus> {
    const current = await this.current();
    this.#refreshTimer.stop();
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
      this.#confirm({ ...found, provider: current.provider });
      return false;
    }
    const mayBeStale = this.#record.isPrevious(found) && !this.#record.hasSeenPreviousAgain;
    if (mayBeStale && !this.#rejected.is(current.provider)) {
      this.#record.hasSeenPreviousAgain = true;
      return false;
    }
    await this.#candidates.offer(found, () => this.#confirm(found));
    this.#news.replaced(current, found);
    return true;
  }

  #confirm(credential: Credential): void {
    this.#news.confirmed(this.#record.confirm(credential));
    if (!this.#rejected.is(credential.provider)) this.#record.failures = 0;
    else if (!this.#rejected.isLooking) this.#record.failures += 1;
  }

  #fail(error: unknown): void {
    if (this.#closing.signal.aborted) return;
    // A look for another key has a rhythm of its own, and counts once when it ends.
    if (!this.#rejected.isLooking) this.#record.failures += 1;
    const reason = messageOf(error);
    this.#record.fail(reason);
    this.#news.refreshFailed(reason);
    this.#emit('refreshFailed');
  }

  /** Says what is due to be said, and when the source is asked next. */
  #plan(isFirst = false): void {
    const { refresh = {} } = this.#options;
    if (this.#closing.signal.aborted) return;
    const intervalMs =
      1000 * ((refresh === false ? undefined : refresh.intervalSeconds) ?? defaultIntervalSeconds);
    const isFollowed = refresh !== false && !this.isFixed;
    for (const event of this.#news.due(this.#record, intervalMs, isFollowed)) this.#emit(event);
    if (!isFollowed) {
      const delayMs = millisecondsUntilExpiring(this.#record, intervalMs);
      if (delayMs !== undefined && delayMs > 0) this.#expiryTimer.set(delayMs);
      return;
    }
    const { failures, validityLeftMs, hasSeenPreviousAgain } = this.#record;
    const delayMs = nextRefreshDelayMs({ intervalMs, isFirst, failures, validityLeftMs });
    this.#refreshTimer.set(hasSeenPreviousAgain ? Math.min(delayMs, staleReadPauseMs) : delayMs);
  }

  get #source(): string {
    return this.#options.source.describe();
  }

  #emit(event: CredentialEvent): void {
    this.#events.emit(event, () => this.status());
  }
}
