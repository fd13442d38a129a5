import { type CallHandler, HttpException, StreamableFile } from '@nestjs/common';
import { catchError, finalize, from, type Observable, of, tap as observe } from 'rxjs';
import { pause } from '../../foundation/time/pause.js';
import type { CacheService } from '../cache.service.js';
import type { CacheEntry } from '../options/cache.options.js';
import { AnswerPlace } from './answer-place.js';
import { isNotModified } from './answers/conditions.js';
import { judge, type JudgedAnswer } from './answers/judged-answer.js';
import { StoredAnswer } from './answers/stored-answer.js';
import type { Additions, Exchange } from './exchange/exchange.js';
import type { CachedRoute } from './route/cached-route.js';
import type { CachedRequest } from './route/http-cache.options.js';
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

  /** Answers by the handler, and stores that. */
  refresh(): Observable<unknown> {
    const turn = new Turn(() => undefined);
    void turn.begin().then(
      (stored) => this.#place.replace(stored),
      () => undefined,
    );
    return this.#run(turn, 'REFRESH');
  }

  /** Answers from the cache, or by the handler for all who wait for the same. */
  async answer(): Promise<Observable<unknown>> {
    let begin: (() => void) | undefined;
    const turn = new Turn(() => begin?.());
    const asked = this.#cache.getOrSetEntry<Stored>(
      this.#place.key,
      (context) => turn.begin(context),
      this.#place.policy,
    );
    const entry = await new Promise<CacheEntry<Stored> | 'begun' | ClientLeftError>((resolve, reject) => {
      begin = () => resolve('begun');
      asked.then(resolve, (error: unknown) =>
        error instanceof ClientLeftError ? resolve(error) : reject(error),
      );
    });
    if (entry === 'begun') return this.#lead(turn, asked);
    // Somebody else's turn, then.
    if (entry instanceof ClientLeftError) return this.answer();
    const { value, source, refreshed } = entry;
    if (value instanceof StoredAnswer) {
      await this.#send(value, source === 'stale' ? 'STALE' : 'HIT');
      if (refreshed !== undefined)
        return this.#refreshBehind(turn, refreshed, (listener) => (begin = listener));
    }
    turn.settle(undefined);
    if (value instanceof StoredAnswer) return nothing;
    const isVariant = value !== undefined && this.#place.lookForVariant(value);
    return isVariant ? this.answer() : this.#next.handle();
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
    const closed = new Promise<void>((resolve) => this.#exchange.onClose(resolve));
    let stored: Promise<Stored> | undefined;
    this.#exchange.tap({
      sent: (draft) => {
        const judged = judge(draft, this.#route.options, this.#route.windows);
        if (!turn.isSettled) stored = this.#take(judged, turn, draft.statusCode);
        // Nobody knows what would have been added to it last.
        void closed.then(() => (turn.isSettled ? undefined : turn.fail(new ClientLeftError())));
        return this.#additionsTo(judged, status);
      },
      out: () => turn.settle(this.#exchange.header('set-cookie') === undefined ? stored : undefined),
      passed: () => turn.settle(undefined),
    });
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
      void this.#place.forget();
    }
    // Who asked has an answer; that the refresh failed is said in the log of the cache.
    if (this.#isAnswered) return;
    if (onFailure === undefined) throw error;
    await onFailure(error);
  }

  #take(judged: JudgedAnswer, turn: Turn, statusCode: number): Promise<Stored> {
    const isKept = judged.answer !== undefined && judged.answer.freshSeconds > 0;
    // What is stored has been replaced by what is not.
    if (turn.hasPrevious && !isKept && statusCode < 500) void this.#place.forget();
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

/** Who ran the handler for all who wait was gone before the answer was. */
class ClientLeftError extends Error {
  constructor() {
    super('The client left before its answer was sent.');
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
