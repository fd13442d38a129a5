import {
  CancelledError,
  type SdkError,
  type SubscribeCallOptions,
  TimeoutError,
  type TopicClient,
  type TopicDiscontinuity,
  type TopicHeartbeat,
  type TopicItem,
  TopicSubscribe,
  UnknownError,
} from '@gomomento/sdk';
import { describeError } from '../../foundation/text/describe-error.js';
import { firstAbort } from '../../foundation/time/first-abort.js';
import type { StreamOpening, StreamOpenings } from './stream-openings.js';
import { allThatIsHeld, type Cursor } from './topic-position.js';

/** What a stream tells, in its order. */
export interface StreamListener {
  onItem(item: TopicItem, cursor: Cursor): void;
  onDiscontinuity(discontinuity: TopicDiscontinuity): void;
  onHeartbeat(heartbeat: TopicHeartbeat): void;
  /** The service ended it, or it was given up. */
  onLost(): void;
}

export interface StreamRequest {
  readonly client: TopicClient;
  readonly openings: StreamOpenings;
  readonly cacheName: string;
  readonly topicName: string;
  readonly behind: Cursor | undefined;
  /** How long the first answer may take, in milliseconds. */
  readonly answerLimitMs: number;
  readonly silenceLimitMs: number;
  /** Aborted when nobody wants the stream any more. */
  readonly ending: AbortSignal;
}

/** One stream of one client, from its opening to its end. It is never started again. */
export class TopicStream {
  readonly openedAt = performance.now();
  /** Why the service ended it, or it was given up. */
  error: TopicSubscribe.Error | undefined;
  readonly #listener: StreamListener;
  readonly #over = new AbortController();
  readonly #silent = new AbortController();
  /** Whether what arrives is kept back, because another stream still speaks. */
  #held: (() => void)[] | undefined;
  #isRetired = false;
  #heartbeats = 0;
  /** The SDK's own. */
  #subscription: TopicSubscribe.Subscription | undefined;
  #silence: NodeJS.Timeout | undefined;

  /** @param isHeld whether to keep back what arrives until `release()` */
  constructor(listener: StreamListener, isHeld: boolean) {
    this.#listener = listener;
    this.#held = isHeld ? [] : undefined;
  }

  /** Aborted when it is over: `error` says why, unless it was retired. */
  get over(): AbortSignal {
    return this.#over.signal;
  }

  /** Aborted when nothing was heard for too long. It may be alive all the same: Momento promises no heartbeats. */
  get silent(): AbortSignal {
    return this.#silent.signal;
  }

  /** Whether heartbeats come again and again, beside the one that answers. */
  get hasPulse(): boolean {
    return this.#heartbeats > 1;
  }

  /** Opens it. @returns the error when that fails; nothing is left of it then */
  async open(request: StreamRequest): Promise<TopicSubscribe.Error | undefined> {
    const { ending, answerLimitMs } = request;
    const answered = new AbortController();
    let response: TopicSubscribe.Response | undefined;
    void this.#subscribe(request).then((answer) => {
      response = answer;
      // Too late, and it could not be ended earlier.
      if (this.#isRetired && answer instanceof TopicSubscribe.Subscription) answer.unsubscribe();
      return answered.abort();
    });
    await firstAbort([answered.signal, ending], { limitMs: answerLimitMs, holdsProcess: true });
    if (response instanceof TopicSubscribe.Subscription && !ending.aborted) {
      this.#subscription = response;
      this.#watchSilence(request.silenceLimitMs);
      return undefined;
    }
    this.retire();
    if (response instanceof TopicSubscribe.Error) return response;
    return ending.aborted ? ended() : unanswered(answerLimitMs);
  }

  /** It counts as lost. What it still says is heard until it is retired. */
  giveUp(error: TopicSubscribe.Error): void {
    if (this.#isRetired || this.#over.signal.aborted) return;
    this.error = error;
    clearTimeout(this.#silence);
    this.#over.abort();
    this.#listener.onLost();
  }

  /** Hands over what was kept back, and from now on what arrives. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const handOver of held) handOver();
  }

  /** Ends it. Nothing it says is heard any more. */
  retire(): void {
    this.#isRetired = true;
    this.#held = undefined;
    clearTimeout(this.#silence);
    this.#over.abort();
    this.#subscription?.unsubscribe();
  }

  async #subscribe(request: StreamRequest): Promise<TopicSubscribe.Response> {
    const { openings, client, cacheName, topicName, behind } = request;
    try {
      return await openings.open(behind, (opening) => {
        const answer = client.subscribe(cacheName, topicName, this.#callbacks(opening));
        this.#subscription = opening.subscription;
        return answer;
      });
    } catch (error) {
      return errorOf(new UnknownError(describeError(error)));
    }
  }

  #callbacks({ pages, behind }: StreamOpening): SubscribeCallOptions {
    return {
      onItem: (item) => {
        // In the order in which they arrived, which is also that of their pages.
        const cursor = { page: pages.shift() ?? 0, number: item.sequenceNumber() };
        this.#hear(() => this.#listener.onItem(item, cursor));
      },
      onDiscontinuity: (discontinuity) => {
        // It only says where that begins.
        if (behind === allThatIsHeld) return;
        this.#hear(() => this.#listener.onDiscontinuity(discontinuity));
      },
      onHeartbeat: (heartbeat) => {
        this.#heartbeats += 1;
        this.#hear(() => this.#listener.onHeartbeat(heartbeat));
      },
      onError: (error) => this.giveUp(error),
    };
  }

  #hear(tell: () => void): void {
    if (this.#isRetired) return;
    this.#silence?.refresh();
    if (this.#held === undefined) tell();
    else this.#held.push(tell);
  }

  #watchSilence(limitMs: number): void {
    this.#silence = setTimeout(() => this.#silent.abort(), limitMs).unref();
  }
}

function errorOf(error: SdkError): TopicSubscribe.Error {
  return new TopicSubscribe.Error(error);
}

function unanswered(limitMs: number): TopicSubscribe.Error {
  return errorOf(new TimeoutError(`no answer to the subscription within ${limitMs} ms`));
}

function ended(): TopicSubscribe.Error {
  return errorOf(new CancelledError('the subscription ended before it was answered'));
}
