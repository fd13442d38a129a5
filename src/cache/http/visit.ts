import { type CallHandler, HttpException, StreamableFile } from '@nestjs/common';
import { catchError, defer, finalize, from, type Observable, of, tap as observe } from 'rxjs';
import { pause } from '../../foundation/time/pause.js';
import type { CacheService } from '../cache.service.js';
import type { CacheEntry } from '../options/cache.options.js';
import { AnswerPlace } from './answer-place.js';
import { isNotModified } from './answers/conditions.js';
import { judge, type JudgedAnswer } from './answers/judged-answer.js';
import { StoredAnswer } from './answers/stored-answer.js';
import type { Additions, Exchange } from './exchange/exchange.js';
import type { CachedRoute } from './route/cached-route.js';
import { directivesOf } from './route/header-lists.js';
import type { CachedRequest } from './route/http-cache.options.js';
import { type Stored, Turn, TurnLostError } from './turn.js';

/** What `x-cache` says. */
type CacheStatus = 'HIT' | 'MISS' | 'STALE' | 'REFRESH';

/** How long an answer may still come after the handler has ended and the connection is gone. */
const graceMs = 1_000;

/** What a 304 has of the answer in whose place it is sent, by RFC 9110 §15.4.5. */
const notModifiedHeaders = ['cache-control', 'content-location', 'etag', 'expires', 'vary'];

/** What is stored is no longer right, then. */
const goneForGood = new Set([404, 410]);

const nothing = of(undefined);
const noBody = new Uint8Array();

/** One request on its way through the cache. */
export class Visit {
  readonly #cache: CacheService;
  readonly #request: CachedRequest;
  readonly #exchange: Exchange;
  readonly #next: CallHandler;
  readonly #route: CachedRoute;
  readonly #place: AnswerPlace;
  #isAnswered = false;

  constructor(
    cache: CacheService,
    request: CachedRequest,
    exchange: Exchange,
    next: CallHandler,
    key: string,
    route: CachedRoute,
  ) {
    this.#cache = cache;
    this.#request = request;
    this.#exchange = exchange;
    this.#next = next;
    this.#route = route;
    this.#place = new AnswerPlace(cache, request, route, key, exchange.header('vary'));
  }

  /** Forgets what is stored, and answers by the handler, for all who ask meanwhile. */
  async refresh(): Promise<Observable<unknown>> {
    await this.#place.forget();
    return this.answer('REFRESH');
  }

  /**
   * Answers from the cache, or by the handler for all who wait for the same.
   *
   * @param miss what is said when the handler was run
   */
  async answer(miss: 'MISS' | 'REFRESH'): Promise<Observable<unknown>> {
    let begin: (() => void) | undefined;
    const turn = new Turn(() => begin?.());
    const { key, policy } = this.#place;
    const asked = this.#cache.getOrSetEntry<Stored>(key, (context) => turn.begin(context), policy);
    const entry = await new Promise<CacheEntry<Stored> | 'begun' | TurnLostError>((resolve, reject) => {
      begin = () => resolve('begun');
      asked.then(resolve, (error: unknown) =>
        error instanceof TurnLostError ? resolve(error) : reject(error),
      );
    });
    if (entry === 'begun') return this.#lead(turn, asked, miss);
    if (this.#exchange.isUnderWay) {
      // Something around it has lost patience, and answered.
      turn.abandon();
      return nothing;
    }
    if (entry instanceof TurnLostError) return this.answer(miss);
    const { value, source, refreshed } = entry;
    if (value instanceof StoredAnswer) {
      await this.#send(value, source === 'stale' ? 'STALE' : 'HIT');
      if (refreshed !== undefined)
        return this.#refreshBehind(turn, refreshed, (listener) => (begin = listener));
    }
    turn.abandon();
    if (value instanceof StoredAnswer) return nothing;
    const isVariant = value !== undefined && this.#place.lookForVariant(value);
    return isVariant ? this.answer(miss) : this.#next.handle();
  }

  /** Runs the handler for the refresh that this request has begun, if the cache wants one after another look. */
  async #refreshBehind(
    turn: Turn,
    refreshed: Promise<void>,
    onBegin: (listener: () => void) => unknown,
  ): Promise<Observable<unknown>> {
    const isBegun =
      turn.isBegun ||
      (await new Promise<boolean>((resolve) => {
        onBegin(() => resolve(true));
        void refreshed.then(() => resolve(false));
      }));
    if (isBegun && (await this.#exchange.reopen())) return this.#run(turn, 'HIT');
    turn.abandon();
    return nothing;
  }

  /** Runs the handler for all who wait. What is stale is sent when it fails, or takes longer than it may. */
  #lead(turn: Turn, asked: Promise<CacheEntry<Stored>>, miss: CacheStatus): Observable<unknown> {
    const stale = staleIn(asked);
    void stale.then((answer) => (turn.isSettled ? undefined : this.#sendInstead(answer)));
    return this.#run(turn, miss, async (error) => {
      await this.#sendInstead(await stale);
      if (!this.#isAnswered) throw error;
    });
  }

  async #sendInstead(stale: StoredAnswer | undefined): Promise<void> {
    if (stale === undefined || this.#isAnswered || this.#exchange.isUnderWay) return;
    await this.#send(stale, 'STALE');
    await this.#exchange.reopen();
  }

  /** @param onFailure what is done when the handler fails; it rejects with what is to go on to the exception filters */
  #run(turn: Turn, status: CacheStatus, onFailure?: (error: unknown) => Promise<void>): Observable<unknown> {
    const over = this.#exchange.over();
    let stored: Promise<Stored> | undefined;
    let isSubscribed = false;
    this.#exchange.tap({
      sent: (draft) => {
        const judged = judge(draft, this.#route.options, this.#route.windows);
        if (!turn.isSettled) stored = this.#take(judged, turn, draft.statusCode);
        // Nobody knows what would have been added to it last.
        void over.then(() => turn.abandon());
        return this.#additionsTo(judged, status);
      },
      out: () => turn.settle(this.#isForOne() ? undefined : stored),
      passed: () => turn.settle(undefined),
    });
    // What is around it may have lost patience, and never asks.
    setImmediate(() => (isSubscribed ? undefined : turn.abandon()));
    return defer(() => {
      isSubscribed = true;
      return this.#next.handle();
    }).pipe(
      observe((value) => {
        if (isStreamed(value)) turn.settle(undefined);
      }),
      catchError((error: unknown) => from(this.#failed(error, turn, onFailure))),
      finalize(() => {
        if (!turn.isSettled) void over.then(() => pause(graceMs)).then(() => turn.abandon());
      }),
    );
  }

  /** @throws what is to go on to the exception filters */
  async #failed(error: unknown, turn: Turn, onFailure?: (error: unknown) => Promise<void>): Promise<void> {
    // What is the client's own fault, or the fate of what it asks for, is an answer as any other: the filters make it.
    const status = error instanceof HttpException ? error.getStatus() : 500;
    if (status < 500 && !this.#isAnswered) throw error;
    if (status < 500) turn.settle(undefined);
    // Where the client has left, that may be why.
    else if (this.#exchange.isGone) turn.abandon();
    else turn.fail(error);
    if (this.#isAnswered && goneForGood.has(status)) void this.#place.forget();
    // Who asked has an answer; that the refresh failed is said in the log of the cache.
    if (this.#isAnswered) return;
    if (onFailure === undefined) throw error;
    await onFailure(error);
  }

  /** By what was added last. */
  #isForOne(): boolean {
    const control = directivesOf(this.#exchange.header('cache-control'));
    return this.#exchange.header('set-cookie') !== undefined || control.has('no-store');
  }

  #take(judged: JudgedAnswer, turn: Turn, statusCode: number): Promise<Stored> {
    const isKept = judged.answer !== undefined && judged.answer.freshSeconds > 0;
    // What is stored has been replaced by what is not.
    if (turn.hasPrevious && !isKept && (statusCode < 400 || goneForGood.has(statusCode)))
      void this.#place.forget();
    return this.#place.storedFor(judged);
  }

  #additionsTo({ answer, headers }: JudgedAnswer, status: CacheStatus): Additions {
    return {
      headers: { ...headers, 'x-cache': status },
      isNotModified: answer !== undefined && isNotModified(this.#request, answer),
    };
  }

  #send({ statusCode, headers, sentAtMs, body }: StoredAnswer, status: CacheStatus): Promise<void> {
    this.#isAnswered = true;
    const age = String(Math.max(0, Math.floor((Date.now() - sentAtMs) / 1000)));
    if (!isNotModified(this.#request, { statusCode, headers }))
      return this.#exchange.send({ statusCode, headers: { ...headers, age, 'x-cache': status }, body });
    const kept: Record<string, string> = { age, 'x-cache': status };
    for (const name of notModifiedHeaders) if (headers[name] !== undefined) kept[name] = headers[name];
    return this.#exchange.send({ statusCode: 304, headers: kept, body: noBody });
  }
}

/** What is handed out in the place of an answer that fails or takes too long. */
async function staleIn(asked: Promise<CacheEntry<Stored>>): Promise<StoredAnswer | undefined> {
  const entry = await asked.catch(() => undefined);
  return entry?.source === 'stale' && entry.value instanceof StoredAnswer ? entry.value : undefined;
}

/** Whether the value is sent piece by piece: of Node, of the web, of Nest. */
function isStreamed(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return value instanceof StreamableFile || 'pipe' in value || 'getReader' in value;
}
