import { type CallHandler, HttpException, StreamableFile } from '@nestjs/common';
import { catchError, finalize, from, type Observable, of, tap as observe } from 'rxjs';
import { pause } from '../../foundation/time/pause.js';
import type { CacheService } from '../cache.service.js';
import type { CacheEntry, GetOrSetOptions } from '../options/cache.options.js';
import { isNotModified } from './answers/conditions.js';
import { type Draft, judge, type JudgedAnswer, keyedNames } from './answers/judged-answer.js';
import { StoredAnswer } from './answers/stored-answer.js';
import type { Additions, Exchange } from './exchange/exchange.js';
import type { CachedRoute } from './route/cached-route.js';
import { namesIn } from './route/header-lists.js';
import type { CachedRequest } from './route/http-cache.options.js';
import { variantKey } from './route/request-key.js';
import { type Stored, Turn } from './turn.js';

/** What `x-cache` says. */
type CacheStatus = 'HIT' | 'MISS' | 'STALE' | 'REFRESH';

/** How long an answer may still come after the handler has ended and the connection is gone. */
const graceMs = 1_000;

/** What a 304 has of the answer in whose place it is sent, by RFC 9110 §15.4.5. */
const notModifiedHeaders = ['cache-control', 'content-location', 'etag', 'expires', 'vary'];

const nothing = of(undefined);
const noBody = new Uint8Array();

/** One request on its way through the cache. */
export class Visit {
  readonly #cache: CacheService;
  readonly #request: CachedRequest;
  readonly #exchange: Exchange;
  readonly #next: CallHandler;
  readonly #route: CachedRoute;
  readonly #policy: GetOrSetOptions<Stored>;
  /** Under which the answer is stored, or, where answers vary by what the handler says, by what they do. */
  readonly #key: string;
  /** What `Vary` named before the handler was asked. */
  readonly #variesBefore: readonly string[];
  /** What the stored list of variants names. */
  #variesBy: readonly string[] = [];
  /** Of the two the one that was asked last. */
  #storedUnder: string;
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
    this.#policy = route.policyOf(request);
    this.#variesBefore = keyedNames(namesIn(exchange.header('vary')));
    this.#key = this.#variesBefore.length === 0 ? key : variantKey(key, this.#variesBefore, request);
    this.#storedUnder = this.#key;
  }

  /** Answers from the cache, or by the handler for all who wait for the same. */
  answer(): Promise<Observable<unknown>> {
    return this.#ask(this.#key);
  }

  /** Answers by the handler, and stores that. */
  refresh(): Observable<unknown> {
    const turn = new Turn(() => undefined);
    void turn.begin().then(
      (stored) => this.#replace(stored),
      () => undefined,
    );
    return this.#run(turn, 'REFRESH');
  }

  async #ask(key: string): Promise<Observable<unknown>> {
    this.#storedUnder = key;
    let begin: () => void = () => undefined;
    const turn = new Turn(() => begin());
    const asked = this.#cache.getOrSetEntry<Stored>(key, (context) => turn.begin(context), this.#policy);
    const entry = await new Promise<CacheEntry<Stored> | undefined>((resolve, reject) => {
      begin = () => resolve(undefined);
      asked.then(resolve, reject);
    });
    if (entry === undefined) return this.#lead(turn, asked);
    const { value, source, refreshed } = entry;
    if (value instanceof StoredAnswer) {
      await this.#send(value, source === 'stale' ? 'STALE' : 'HIT');
      if (refreshed !== undefined)
        return this.#refreshBehind(turn, refreshed, (listener) => (begin = listener));
    }
    turn.settle(undefined);
    if (value instanceof StoredAnswer) return nothing;
    if (value === undefined || this.#variesBy.length > 0) return this.#next.handle();
    this.#variesBy = value.variesBy;
    return this.#ask(variantKey(this.#key, value.variesBy, this.#request));
  }

  /** Runs the handler for the refresh that this request has begun, if the cache wants one after another look. */
  async #refreshBehind(
    turn: Turn,
    refreshed: Promise<void>,
    onBegin: (listener: () => void) => unknown,
  ): Promise<Observable<unknown>> {
    const begun =
      turn.isBegun ||
      (await new Promise<boolean>((resolve) => {
        onBegin(() => resolve(true));
        void refreshed.then(() => resolve(false));
      }));
    if (!begun) {
      turn.settle(undefined);
      return nothing;
    }
    await this.#exchange.reopen();
    return this.#run(turn, 'HIT');
  }

  /** Runs the handler for all who wait. What is stale is sent when it fails, or takes longer than it may. */
  #lead(turn: Turn, asked: Promise<CacheEntry<Stored>>): Observable<unknown> {
    const stale = staleIn(asked);
    void stale.then((answer) => (turn.isSettled ? undefined : this.#sendInstead(answer)));
    return this.#run(turn, 'MISS', async (error) => {
      await this.#sendInstead(await stale);
      if (!this.#isAnswered) throw error;
    });
  }

  async #sendInstead(stale: StoredAnswer | undefined): Promise<void> {
    if (stale === undefined || this.#isAnswered) return;
    await this.#send(stale, 'STALE');
    await this.#exchange.reopen();
  }

  /** @param onFailure what is done when the handler fails; it rejects with what is to go on to the exception filters */
  #run(turn: Turn, status: CacheStatus, onFailure?: (error: unknown) => Promise<void>): Observable<unknown> {
    this.#exchange.tap({
      sent: (draft) => this.#sent(draft, turn, status),
      passed: () => turn.settle(undefined),
    });
    const closed = new Promise<void>((resolve) => this.#exchange.onClose(resolve));
    return this.#next.handle().pipe(
      observe((value) => {
        if (isStreamed(value)) turn.settle(undefined);
      }),
      catchError((error: unknown) => from(this.#failed(error, turn, onFailure))),
      finalize(() => {
        if (!turn.isSettled) void closed.then(() => pause(graceMs)).then(() => turn.settle(undefined));
      }),
    );
  }

  /** @throws what is to go on to the exception filters */
  async #failed(error: unknown, turn: Turn, onFailure?: (error: unknown) => Promise<void>): Promise<void> {
    // What is the client's own fault, or the fate of what it asks for, is an answer as any other: the filters make it.
    const isAnswer = error instanceof HttpException && error.getStatus() < 500;
    if (isAnswer && !this.#isAnswered) throw error;
    if (!isAnswer) turn.fail(error);
    else {
      turn.settle(undefined);
      void this.#cache.evict(this.#storedUnder);
    }
    // Who asked has an answer; that the refresh failed is said in the log of the cache.
    if (this.#isAnswered) return;
    if (onFailure === undefined) throw error;
    await onFailure(error);
  }

  #sent(draft: Draft, turn: Turn, status: CacheStatus): Additions {
    const judged = judge(draft, this.#route.options, this.#route.windows);
    const { answer, headers } = judged;
    const isLate = turn.isSettled;
    turn.settle(this.#storedFor(judged).catch(() => undefined));
    // What is stored has been replaced by what is not.
    const isKept = answer !== undefined && answer.freshSeconds > 0;
    if (turn.hasPrevious && !isKept && !isLate && draft.statusCode < 500)
      void this.#cache.evict(this.#storedUnder);
    return {
      headers: { ...headers, 'x-cache': status },
      isNotModified: answer !== undefined && isNotModified(this.#request, answer),
    };
  }

  /** What is stored under the key: the answer, or by what answers differ when they do. */
  async #storedFor({ answer, variesBy }: JudgedAnswer): Promise<Stored> {
    if (answer === undefined) return undefined;
    const known = [...this.#variesBefore, ...this.#variesBy];
    if (variesBy.every((name) => known.includes(name))) return answer;
    if (answer.freshSeconds === 0) return undefined;
    const names = [...new Set([...this.#variesBy, ...variesBy])].filter(
      (name) => !this.#variesBefore.includes(name),
    );
    await this.#cache.set<Stored>(variantKey(this.#key, names, this.#request), answer, this.#policy);
    // The list outlives what it tells apart.
    const { ttlSeconds, staleSeconds, staleIfErrorSeconds } = this.#route.windows;
    const list = { variesBy: names, freshSeconds: ttlSeconds + staleSeconds + staleIfErrorSeconds };
    if (this.#variesBy.length === 0) return list;
    await this.#cache.set<Stored>(this.#key, list, this.#policy);
    return undefined;
  }

  /** What a client wanted to have anew is stored; where that fails, what was there is no longer right. */
  async #replace(stored: Stored): Promise<void> {
    const isKept = stored !== undefined && stored.freshSeconds > 0;
    if (isKept)
      await this.#cache.set(this.#key, stored, this.#policy).catch(() => this.#cache.evict(this.#key));
    else await this.#cache.evict(this.#key);
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
