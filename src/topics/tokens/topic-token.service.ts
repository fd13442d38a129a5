import { type AuthClient, ExpiresIn, MomentoErrorCode, TimeoutError } from '@gomomento/sdk';
import { callMomento } from '../../clients/sdk/sdk-answer.js';
import { MomentoClosedError, MomentoTopicError } from '../../foundation/momento.errors.js';
import { withinTime } from '../../foundation/time/pause.js';
import { CallRate } from './call-rate.js';
import { type IssuedToken, IssuedTokens, type Moment } from './issued-tokens.js';
import { type TokenScope, toTokenScope } from './token-scope.js';
import type { TopicToken, TopicTokenContext, TopicTokenRequest } from './topic-token.options.js';

const perSecond = 5;
const mostWaiting = 50;
/** The SDK's own limit of these calls is a minute, which is too long for somebody who waits for a page. */
const answerTimeoutMs = 10_000;

/**
 * Issues tokens with which a browser subscribes and publishes by itself, for a while, and for nothing else. Whoever asks for the same
 * gets the same token for half its life; Momento is asked at most five times a second, who comes then waits.
 *
 * @example
 * @Get('token') @UseGuards(SignedIn) token() {
 *   return this.tokens.issue({ topics: [orders], permissions: 'subscribe', expiresInSeconds: 600 });
 * }
 */
export class TopicTokenService {
  readonly #client: AuthClient;
  readonly #cacheName: string | undefined;
  readonly #context: TopicTokenContext;
  readonly #tokens: IssuedTokens;
  readonly #rate: CallRate;

  /** @internal */
  constructor(client: AuthClient, cacheName: string | undefined, context: TopicTokenContext) {
    this.#client = client;
    this.#cacheName = cacheName;
    this.#context = context;
    const { signal, keyGeneration } = context;
    this.#tokens = new IssuedTokens({ moment, keyGeneration });
    this.#rate = new CallRate({ perSecond, mostWaiting, signal, now: () => performance.now() });
  }

  /**
   * A token for topics, or for all topics of caches. It has at least half its life before it, and is what decides: who has it needs
   * nothing else. So it is for a route that knows who asks.
   *
   * @throws MomentoConfigurationError `invalid-options`, `cache-name-missing`; MomentoTopicError when Momento refuses it, does not
   *   answer within 10 s, or too many wait already; MomentoClosedError after shutdown
   */
  async issue(request: TopicTokenRequest): Promise<TopicToken> {
    const scope = toTokenScope(request, this.#cacheName);
    if (this.#context.signal.aborted) throw this.#closed();
    const { token, endpoint, expiresAtMs } = await this.#tokens.get(scope.key, () => this.#ask(scope));
    return { token, endpoint, expiresAt: new Date(expiresAtMs) };
  }

  async #ask(scope: TokenScope): Promise<IssuedToken> {
    await this.#turn(scope);
    const { operation, permissions, expiresInSeconds, tokenId } = scope;
    const askedAt = moment();
    const call = this.#client.generateDisposableToken(
      permissions,
      ExpiresIn.seconds(expiresInSeconds),
      tokenId === undefined ? {} : { tokenId },
    );
    const answer = await withinTime(callMomento(operation, call, MomentoTopicError), answerTimeoutMs);
    if (answer === undefined)
      throw MomentoTopicError.fromSdk(operation, new TimeoutError(`no answer within ${answerTimeoutMs} ms`));
    return {
      token: answer.authToken,
      endpoint: answer.endpoint,
      expiresAtMs: answer.expiresAt.epoch() * 1_000,
      askedAt,
      lifeMs: expiresInSeconds * 1_000,
    };
  }

  async #turn({ operation }: TokenScope): Promise<void> {
    const turn = await this.#rate.turn();
    if (turn === 'ended') throw this.#closed();
    if (turn === 'yours') return;
    throw new MomentoTopicError(
      operation,
      MomentoErrorCode.LIMIT_EXCEEDED_ERROR,
      `${mostWaiting} calls for other tokens wait already, of which ${perSecond} are made a second; ` +
        'issue tokens that many can share, without a tokenId, or for longer',
    );
  }

  #closed(): MomentoClosedError {
    return new MomentoClosedError(this.#context.connectionName);
  }
}

function moment(): Moment {
  return { nowMs: performance.now(), timeOfDayMs: Date.now() };
}
