import { randomUUID } from 'node:crypto';
import { AwsError, invalidParameter, invalidRequest, resourceNotFound } from '../aws-error.js';
import { expectSecretId, expectSecretName, newSecretArn, withoutSuffix } from './secret-arn.js';
import { CURRENT, PREVIOUS, SecretVersions } from './secret-versions.js';
import type { SecretValue, SecretVersion, StageUpdate } from './secret-versions.js';

export interface Secret {
  readonly name: string;
  readonly arn: string;
  readonly description?: string | undefined;
  readonly createdAtMs: number;
  readonly versions: SecretVersions;
  changedAtMs: number;
  readAtMs?: number;
  /** Set while the secret is marked for deletion: when it goes for good. */
  deletionAtMs?: number;
}

/** A version as a read answers it. */
export interface SecretReading {
  readonly secret: Secret;
  readonly version: SecretVersion;
  readonly stages: readonly string[];
}

export interface ReadOptions {
  readonly versionId?: string | undefined;
  readonly versionStage?: string | undefined;
  /** Asked when a read of `AWSCURRENT` would be the first since its move; `true` answers the former version. */
  readonly isStale?: () => boolean;
}

export interface PutOptions {
  readonly versionId?: string | undefined;
  readonly stages?: readonly string[] | undefined;
}

export interface DeleteOptions {
  /** Days from 7 to 30; 30 by default. */
  readonly recoveryWindowInDays?: number | undefined;
  /** Delete at once, without a window; a secret that does not exist is no error then. */
  readonly force?: boolean | undefined;
}

const DAY_MS = 86_400_000;

/** The secrets of one account in one region. Refuses what AWS refuses, with an {@link AwsError}. */
export class SecretStore {
  readonly #secrets = new Map<string, Secret>();

  constructor(
    private readonly region: string,
    private readonly accountId: string,
    private readonly now: () => number,
  ) {}

  /** Also true for a secret that is marked for deletion. */
  has(secretId: string): boolean {
    return this.#lookUp(secretId) !== undefined;
  }

  /** A secret without a version when `value` is left out. The same call with the same `versionId` may be repeated. */
  create(
    name: string,
    value?: SecretValue,
    options: PutOptions & { description?: string | undefined } = {},
  ): Secret {
    expectSecretName(name);
    const existing = this.#lookUp(name);
    if (existing?.deletionAtMs !== undefined) {
      throw invalidRequest(
        "You can't create this secret because a secret with this name is already scheduled for deletion.",
      );
    }
    if (existing) {
      const isRepeated =
        options.versionId !== undefined && existing.versions.get(options.versionId) !== undefined;
      if (!isRepeated || value === undefined) {
        throw new AwsError(
          'ResourceExistsException',
          `The operation failed because the secret ${name} already exists.`,
        );
      }
    }
    const nowMs = this.now();
    const secret: Secret = existing ?? {
      name,
      arn: newSecretArn(this.region, this.accountId, name),
      description: options.description,
      createdAtMs: nowMs,
      changedAtMs: nowMs,
      versions: new SecretVersions(),
    };
    if (value !== undefined) this.#addVersion(secret, value, options);
    this.#secrets.set(name, secret);
    return secret;
  }

  put(
    secretId: string,
    value: SecretValue,
    options: PutOptions = {},
  ): { secret: Secret; version: SecretVersion } {
    const secret = this.#usable(secretId);
    return { secret, version: this.#addVersion(secret, value, options) };
  }

  read(secretId: string, { versionId, versionStage, isStale }: ReadOptions = {}): SecretReading {
    const secret = this.#usable(secretId);
    const stage = versionStage ?? CURRENT;
    const version =
      versionId === undefined ? secret.versions.holderOf(stage) : secret.versions.get(versionId);
    if (!version) {
      throw resourceNotFound(
        versionId === undefined
          ? `secret value for staging label: ${stage}`
          : `secret value for VersionId: ${versionId}`,
      );
    }
    const stages = secret.versions.stagesOf(version.id);
    if (versionId !== undefined && versionStage !== undefined && !stages.includes(versionStage)) {
      throw invalidRequest('You provided a VersionStage that is not associated to the provided VersionId.');
    }
    secret.readAtMs = this.now();
    const former = secret.versions.holderOf(PREVIOUS);
    if (versionId === undefined && stage === CURRENT && former && !version.wasRead && isStale?.()) {
      return { secret, version: former, stages: [CURRENT] };
    }
    version.wasRead = true;
    return { secret, version, stages };
  }

  /** Also finds a secret that is marked for deletion. */
  describe(secretId: string): Secret {
    const secret = this.#lookUp(secretId);
    if (!secret) throw resourceNotFound();
    return secret;
  }

  updateStage(secretId: string, update: StageUpdate): Secret {
    const secret = this.#usable(secretId);
    secret.versions.updateStage(update);
    secret.changedAtMs = this.now();
    return secret;
  }

  delete(secretId: string, { recoveryWindowInDays, force = false }: DeleteOptions = {}) {
    if (force && recoveryWindowInDays !== undefined) {
      throw invalidParameter(
        "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
      );
    }
    const days = recoveryWindowInDays ?? 30;
    if (days < 7 || days > 30) {
      throw invalidParameter('The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).');
    }
    const secret = this.#lookUp(secretId);
    if (force) {
      if (secret) this.#secrets.delete(secret.name);
      const name = secret?.name ?? secretId;
      const arn = secret?.arn ?? newSecretArn(this.region, this.accountId, name);
      return { name, arn, deletionAtMs: this.now() };
    }
    if (!secret) throw resourceNotFound();
    if (secret.deletionAtMs !== undefined) {
      throw invalidRequest(
        "You can't perform this operation on the secret because it was already scheduled for deletion.",
      );
    }
    secret.deletionAtMs = this.now() + days * DAY_MS;
    return { name: secret.name, arn: secret.arn, deletionAtMs: secret.deletionAtMs };
  }

  restore(secretId: string): Secret {
    const secret = this.describe(secretId);
    delete secret.deletionAtMs;
    return secret;
  }

  /** The secrets in the order of their creation, without those marked for deletion unless asked. */
  list({ includeDeleted = false } = {}): Secret[] {
    const names = [...this.#secrets.keys()];
    return names
      .map((name) => this.#lookUp(name))
      .filter((secret) => secret !== undefined)
      .filter((secret) => includeDeleted || secret.deletionAtMs === undefined);
  }

  #addVersion(secret: Secret, value: SecretValue, { versionId, stages }: PutOptions): SecretVersion {
    const nowMs = this.now();
    secret.changedAtMs = nowMs;
    return secret.versions.put(versionId ?? randomUUID(), value, stages ?? [CURRENT], nowMs, secret.arn);
  }

  #usable(secretId: string): Secret {
    const secret = this.describe(secretId);
    if (secret.deletionAtMs !== undefined) {
      throw invalidRequest(
        "You can't perform this operation on the secret because it was marked for deletion.",
      );
    }
    return secret;
  }

  /** By name, ARN, or ARN without its suffix. An ARN of another region or account matches nothing. */
  #lookUp(secretId: string): Secret | undefined {
    expectSecretId(secretId);
    const secret =
      this.#secrets.get(secretId) ?? (secretId.startsWith('arn:') ? this.#byArn(secretId) : undefined);
    if (secret?.deletionAtMs === undefined || secret.deletionAtMs > this.now()) return secret;
    this.#secrets.delete(secret.name);
    return undefined;
  }

  #byArn(arn: string): Secret | undefined {
    const secrets = [...this.#secrets.values()];
    return (
      secrets.find((secret) => secret.arn === arn) ??
      secrets.find((secret) => withoutSuffix(secret.arn) === arn)
    );
  }
}
