import { answering } from './aws-endpoint.js';
import { constraintViolation } from '../aws-error.js';
import { textAnswer } from '../http/wire.js';
import type { Exchange, WireAnswer, WireRequest } from '../http/wire.js';

export const EXTENSION_PATH = '/secretsmanager/get';

/** As many as the extension keeps. */
const MAX_CACHED = 1000;

export interface ExtensionOptions {
  /** The region the extension reads in. */
  readonly region: string;
  readonly ttlSeconds: number;
  /** The only token that is accepted; any non-empty one when left out. */
  readonly sessionToken?: string | undefined;
  readonly now: () => number;
  /** Reads the secret itself, as the extension reads it from AWS. */
  readonly getSecretValue: (
    members: Record<'SecretId' | 'VersionStage' | 'VersionId', string | undefined>,
  ) => WireAnswer;
}

/** The HTTP cache that the AWS Parameters and Secrets Lambda Extension, and the Secrets Manager Agent, put before Secrets Manager. */
export class ExtensionEndpoint {
  readonly #cache = new Map<string, { readonly answer: WireAnswer; readonly expiresAtMs: number }>();

  constructor(private readonly options: ExtensionOptions) {}

  exchange({ method, query, headers }: WireRequest): Exchange {
    const secretId = query.get('secretId') ?? '';
    const versionStage = query.get('versionStage') ?? undefined;
    return {
      operation: 'ExtensionGet',
      secretId,
      versionStage,
      region: this.options.region,
      answer: () => {
        if (headers['x-forwarded-for'] !== undefined) return textAnswer(400, 'Forwarded');
        if (!this.#accepts(headers['x-aws-parameters-secrets-token'])) return textAnswer(400, 'Bad Token');
        if (method !== 'GET') return textAnswer(405, 'Not allowed');
        if (secretId === '') return answering(failWithoutId);
        const versionId = query.get('versionId') ?? undefined;
        return this.#read({ secretId, versionStage, versionId }, query.get('refreshNow') === 'true');
      },
    };
  }

  #accepts(token: string | string[] | undefined): boolean {
    const { sessionToken } = this.options;
    return sessionToken === undefined ? token !== undefined && token !== '' : token === sessionToken;
  }

  #read(
    asked: { secretId: string; versionStage: string | undefined; versionId: string | undefined },
    refreshNow: boolean,
  ): WireAnswer {
    const key = JSON.stringify(asked);
    const nowMs = this.options.now();
    const cached = this.#cache.get(key);
    if (cached && cached.expiresAtMs > nowMs && !refreshNow) return cached.answer;
    const answer = this.options.getSecretValue({
      SecretId: asked.secretId,
      VersionStage: asked.versionStage,
      VersionId: asked.versionId,
    });
    if (answer.status === 200) {
      this.#cache.delete(key);
      const [oldest] = this.#cache.keys();
      if (oldest !== undefined && this.#cache.size >= MAX_CACHED) this.#cache.delete(oldest);
      this.#cache.set(key, { answer, expiresAtMs: nowMs + this.options.ttlSeconds * 1000 });
    }
    return answer;
  }
}

function failWithoutId(): never {
  throw constraintViolation('null', 'secretId', 'Member must not be null');
}
