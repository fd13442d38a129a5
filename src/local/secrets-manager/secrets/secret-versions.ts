import { AwsError, invalidParameter } from '../aws-error.js';

export const CURRENT = 'AWSCURRENT';
export const PREVIOUS = 'AWSPREVIOUS';

/** Text, or binary as bytes. */
export type SecretValue = string | Uint8Array;

export interface SecretVersion {
  readonly id: string;
  readonly value: SecretValue;
  readonly createdAtMs: number;
  /** Whether any read has answered this version yet. */
  wasRead: boolean;
}

export interface StageUpdate {
  readonly stage: string;
  readonly moveToVersionId?: string | undefined;
  readonly removeFromVersionId?: string | undefined;
}

/** AWS keeps about a hundred versions; what carries no staging label goes first. */
const MAX_VERSIONS = 100;

/** The versions of one secret and the staging labels on them. A label is on one version at most. */
export class SecretVersions {
  readonly #versions = new Map<string, SecretVersion>();
  /** Staging label → id of the version that carries it. */
  readonly #holders = new Map<string, string>();

  /**
   * Adds a version and moves the labels to it; the first version gets `AWSCURRENT` whatever the labels are.
   * The same id with the same value is a repeated request and changes nothing.
   * @throws AwsError `ResourceExistsException` when the id is taken by another value
   */
  put(id: string, value: SecretValue, stages: readonly string[], nowMs: number, arn: string): SecretVersion {
    const existing = this.#versions.get(id);
    if (existing) {
      if (sameValue(existing.value, value)) return existing;
      throw new AwsError(
        'ResourceExistsException',
        `You can't use ClientRequestToken ${id} because that value is already in use for a version of secret ${arn}.`,
      );
    }
    const isFirst = this.#versions.size === 0;
    const version: SecretVersion = { id, value, createdAtMs: nowMs, wasRead: false };
    this.#versions.set(id, version);
    // AWSCURRENT comes last: its move decides where AWSPREVIOUS goes.
    for (const stage of stages) if (stage !== CURRENT) this.#attach(stage, id);
    if (isFirst || stages.includes(CURRENT)) this.#attach(CURRENT, id);
    this.#dropDeprecated();
    return version;
  }

  get(id: string): SecretVersion | undefined {
    return this.#versions.get(id);
  }

  holderOf(stage: string): SecretVersion | undefined {
    const id = this.#holders.get(stage);
    return id === undefined ? undefined : this.#versions.get(id);
  }

  stagesOf(id: string): string[] {
    return [...this.#holders].filter(([, holder]) => holder === id).map(([stage]) => stage);
  }

  /** The labelled versions; one without labels is deprecated and AWS lists it no more. */
  idsToStages(): Record<string, string[]> {
    return Object.fromEntries([...new Set(this.#holders.values())].map((id) => [id, this.stagesOf(id)]));
  }

  /**
   * Moves, attaches or removes one label.
   * @throws AwsError `InvalidParameterException` when a version is unknown, the label is not where the request says, or `AWSCURRENT` would be on none
   */
  updateStage({ stage, moveToVersionId, removeFromVersionId }: StageUpdate): void {
    const holder = this.#holders.get(stage);
    if (removeFromVersionId !== undefined) {
      this.#expectVersion(removeFromVersionId);
      if (holder !== removeFromVersionId) {
        throw invalidParameter(`Version stage ${stage} not found in version ${removeFromVersionId}`);
      }
    }
    if (moveToVersionId !== undefined) {
      this.#expectVersion(moveToVersionId);
      if (holder !== undefined && holder !== moveToVersionId && removeFromVersionId === undefined) {
        throw invalidParameter(
          `The parameter RemoveFromVersionId can't be empty. Staging label ${stage} is currently attached to version ` +
            `${holder}, so you must explicitly reference that version in RemoveFromVersionId.`,
        );
      }
      this.#attach(stage, moveToVersionId);
      return;
    }
    if (removeFromVersionId === undefined) {
      throw invalidParameter('You must provide MoveToVersionId, RemoveFromVersionId, or both.');
    }
    if (stage === CURRENT) {
      throw invalidParameter(
        `You can only move staging label ${CURRENT} to a different secret version. It can't be completely removed.`,
      );
    }
    this.#holders.delete(stage);
  }

  #attach(stage: string, id: string): void {
    const former = this.#holders.get(stage);
    this.#holders.set(stage, id);
    if (stage === CURRENT && former !== undefined && former !== id) this.#holders.set(PREVIOUS, former);
  }

  #expectVersion(id: string): void {
    if (!this.#versions.has(id)) throw invalidParameter(`Not a valid version: ${id}`);
  }

  #dropDeprecated(): void {
    const labelled = new Set(this.#holders.values());
    for (const id of this.#versions.keys()) {
      if (this.#versions.size <= MAX_VERSIONS) return;
      if (!labelled.has(id)) this.#versions.delete(id);
    }
  }
}

function sameValue(a: SecretValue, b: SecretValue): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return Buffer.compare(a, b) === 0;
}
