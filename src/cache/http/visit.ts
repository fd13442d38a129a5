import { type CallHandler, HttpException, StreamableFile } from '@nestjs/common';
import { catchError, finalize, from, type Observable, of, tap as observe } from 'rxjs';
import { pause } from '../../foundation/time/pause.js';
import type { CacheService } from '../cache.service.js';
import type { CacheEntry, GetOrSetOptions } from '../options/cache.options.js';
import { isNotModified } from './answers/conditions.js';
import { type Draft, judge, type JudgedAnswer, keyedNames, type Windows } from './answers/judged-answer.js';
import { packAnswer, packVariants, type StoredAnswer, unpack } from './answers/stored-answer.js';
import type { Additions, Exchange } from './exchange/exchange.js';
import { namesIn } from './route/header-lists.js';
import type { CachedRequest, RouteOptions } from './route/http-cache.options.js';
import { type Asked, variantKey } from './route/request-key.js';
import { Turn } from './turn.js';

/** Undefined: there is nothing that others could have. */
type Stored = Uint8Array | undefined;

/** What `x-cache` says. */
type CacheStatus = 'HIT' | 'MISS' | 'STALE' | 'REFRESH';

/** How long an answer may still come after the handler has ended and the connection is gone. */
const graceMs = 1_000;

/** What a 304 has of the answer in whose place it is sent, by RFC 9110 §15.4.5. */
const notModifiedHeaders = ['cache-control', 'content-location', 'etag', 'expires', 'vary'];

export interface VisitOptions extends Windows {
  readonly route: RouteOptions;
  readonly policy: GetOrSetOptions<Stored>;
}

/** One request on its way through the cache. */
export class Visit {
  readonly #cache: CacheService;
  readonly #request: CachedRequest;
  readonly #exchange: Exchange;
  readonly #next: CallHandler;
  readonly #options: VisitOptions;
  /** Under which the answer is stored, or, where answers vary by what the handler says, by what they do. */
  readonly #key: string;
  /** What `Vary` named before the handler was asked. */
  readonly #variesBefore: readonly string[];
  /** What the stored list of variants names. */
  #variesBy: readonly string[] = [];
  /** Of the two the one that was asked last. */
  #storedUnder: string;
  #isAnswered = false;
  /** Of the answer that was sent. */
  #judged: JudgedAnswer | undefined;
  /** Of what is stored for it. */
  #ttlSeconds: number;

  constructor(
    cache: CacheService,
    request: CachedRequest,
    exchange: Exchange,
    next: CallHandler,
    { key }: Asked,
    options: VisitOptions,
  ) {
    this.#cache = cache;
    this.#request = request;
    this.#exchange = exchange;
    this.#next = next;
    this.#options = options;
    this.#variesBefore = keyedNames(namesIn(exchange.header('vary')));
    this.#key = this.#variesBefore.length === 0 ? key : variantKey(key, this.#variesBefore, request);
    this.#storedUnder = this.#key;
    this.#ttlSeconds = options.ttlSeconds;
  }

  /** Answers from the cache, or by the handler for all who wait for the same. */
  async answer(): Promise<Observable<unknown>> {
    return this.#ask(this.#key);
  }

  /** Answers by the handler, and stores that. */
  refresh(): Observable<unknown> {
    const turn = new Turn();
    void turn.begin().then(
      (value) => this.#replace(value),
      () => undefined,
    );
    return this.#run(turn, 'REFRESH');
  }

  async #ask(key: string): Promise<Observable<unknown>> {
    this.#storedUnder = key;
    const turn = new Turn();
    const entry = this.#cache.getOrSetEntry<Stored>(key, (context) => turn.begin(context), this.#policy());
    const first = await Promise.race([entry, turn.begun]);
    if (first === 'begun') return this.#lead(turn, entry);
    const found = first.value === undefined ? undefined : unpack(first.value);
    if (found === undefined) return this.#next.handle();
    if ('variesBy' in found) {
      turn.settle(undefined);
      if (this.#variesBy.length > 0) return this.#next.handle();
      this.#variesBy = found.variesBy;
      return this.#ask(this.#variantKey(found.variesBy));
    }
    await this.#send(found, first.source === 'stale' ? 'STALE' : 'HIT');
    // The handler is run for the refresh that this request has begun, if the cache wants one after another look.
    const isWanted =
      first.refreshed !== undefined && (await Promise.race([turn.begun, first.refreshed])) === 'begun';
    if (isWanted) return this.#run(turn, 'HIT');
    turn.settle(undefined);
    return of(undefined);
  }

  /** Runs the handler for all who wait. What is stale is sent when it fails, or takes longer than it may. */
  #lead(turn: Turn, entry: Promise<CacheEntry<Stored>>): Observable<unknown> {
    const stale = staleIn(entry);
    void stale.then((answer) =>
      answer === undefined || turn.isSettled ? undefined : this.#send(answer, 'STALE'),
    );
    return this.#run(turn, 'MISS', async (error) => {
      const answer = await stale;
      if (answer !== undefined && !this.#isAnswered) await this.#send(answer, 'STALE');
      if (!this.#isAnswered) throw error;
    });
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
    const { route } = this.#options;
    const judged = judge(draft, route, this.#options);
    this.#judged = judged;
    this.#ttlSeconds = judged.ttlSeconds;
    turn.settle(this.#valueOf(judged).catch(() => undefined));
    // What is stored has been replaced by what is not.
    if (turn.hasPrevious && !judged.isKept && draft.statusCode < 500)
      void this.#cache.evict(this.#storedUnder);
    return {
      headers: { ...judged.headers, 'x-cache': status },
      isNotModified: judged.answer !== undefined && isNotModified(this.#request, judged.answer),
    };
  }

  /** What is stored under the key: the answer, or by what answers differ when they do. */
  async #valueOf({ answer, isKept, variesBy }: JudgedAnswer): Promise<Uint8Array | undefined> {
    if (answer === undefined) return undefined;
    const packed = packAnswer(answer);
    const known = [...this.#variesBefore, ...this.#variesBy];
    if (variesBy.every((name) => known.includes(name))) return packed;
    if (!isKept) return undefined;
    const isNew = this.#variesBy.length === 0;
    const names = [...new Set([...this.#variesBy, ...variesBy])].filter(
      (name) => !this.#variesBefore.includes(name),
    );
    await this.#cache.set(this.#variantKey(names), packed, this.#policy());
    // The list outlives what it tells apart.
    const { ttlSeconds, staleSeconds, staleIfErrorSeconds } = this.#options;
    this.#ttlSeconds = ttlSeconds + staleSeconds + staleIfErrorSeconds;
    const list = packVariants({ variesBy: names });
    if (isNew) return list;
    await this.#cache.set(this.#key, list, this.#policy());
    return undefined;
  }

  /** What a client wanted to have anew is stored; where that fails, what was there is no longer right. */
  async #replace(value: Uint8Array | undefined): Promise<void> {
    if (value !== undefined && this.#judged?.isKept === true)
      await this.#cache.set(this.#key, value, this.#policy()).catch(() => this.#cache.evict(this.#key));
    else if (this.#judged !== undefined) await this.#cache.evict(this.#key);
  }

  async #send({ statusCode, headers, sentAtMs, body }: StoredAnswer, status: CacheStatus): Promise<void> {
    this.#isAnswered = true;
    const ageSeconds = Math.max(0, Math.floor((Date.now() - sentAtMs) / 1000));
    const about = { age: String(ageSeconds), 'x-cache': status };
    if (!isNotModified(this.#request, { statusCode, headers }))
      return this.#exchange.send({ statusCode, headers: { ...headers, ...about }, body });
    const kept = Object.entries(headers).filter(([name]) => notModifiedHeaders.includes(name));
    return this.#exchange.send({
      statusCode: 304,
      headers: { ...Object.fromEntries(kept), ...about },
      body: new Uint8Array(),
    });
  }

  #variantKey(names: readonly string[]): string {
    return variantKey(this.#key, names, this.#request);
  }

  #policy(): GetOrSetOptions<Stored> {
    return {
      ...this.#options.policy,
      storeIf: () => this.#judged?.isKept === true,
      ttlSeconds: () => this.#ttlSeconds,
    };
  }
}

/** What is handed out in the place of an answer that fails or takes too long. */
async function staleIn(asked: Promise<CacheEntry<Stored>>): Promise<StoredAnswer | undefined> {
  const entry = await asked.catch(() => undefined);
  const found = entry?.source === 'stale' && entry.value !== undefined ? unpack(entry.value) : undefined;
  return found !== undefined && 'body' in found ? found : undefined;
}

/** Whether the value is sent piece by piece: of Node, of the web, of Nest. */
function isStreamed(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return value instanceof StreamableFile || 'pipe' in value || 'getReader' in value;
}
