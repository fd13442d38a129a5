import { AwsError, constraintViolation, invalidParameter, invalidRequest } from '../aws-error.js';
import { RequestFields } from './request-fields.js';
import type { Secret, SecretReading, SecretStore } from '../secrets/secret-store.js';
import type { SecretValue } from '../secrets/secret-versions.js';

export interface OperationContext {
  readonly store: SecretStore;
  /** Whether this read of `AWSCURRENT`, the first since its move, answers the former version. */
  readonly isStale: () => boolean;
}

type Operation = (fields: RequestFields, context: OperationContext) => object;

const MAX_VALUE_BYTES = 65_536;

/** Every operation this endpoint knows, by its AWS name: request members in, response members out. */
export const operations: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  ['GetSecretValue', getSecretValue],
  ['BatchGetSecretValue', batchGetSecretValue],
  ['DescribeSecret', (fields, { store }) => describe(store.describe(fields.requiredString('SecretId')))],
  ['ListSecrets', listSecrets],
  ['CreateSecret', createSecret],
  ['PutSecretValue', putSecretValue],
  ['UpdateSecretVersionStage', updateSecretVersionStage],
  ['DeleteSecret', deleteSecret],
  ['RestoreSecret', (fields, { store }) => identify(store.restore(fields.requiredString('SecretId')))],
]);

export function getSecretValue(fields: RequestFields, { store, isStale }: OperationContext) {
  return readingOf(
    store.read(fields.requiredString('SecretId'), {
      versionId: fields.string('VersionId'),
      versionStage: fields.string('VersionStage'),
      isStale,
    }),
  );
}

function batchGetSecretValue(fields: RequestFields, { store, isStale }: OperationContext) {
  const ids = fields.strings('SecretIdList');
  const prefixes = namePrefixes(fields);
  if ((ids === undefined) === (prefixes === undefined)) {
    throw invalidParameter('You must include Filters or SecretIdList, but not both.');
  }
  if (ids !== undefined && (ids.length === 0 || ids.length > 20)) {
    throw constraintViolation(
      `'[${ids.join(', ')}]'`,
      'secretIdList',
      'Member must have length between 1 and 20',
    );
  }
  const { page, NextToken } = paginate(ids ?? namesWith(store.list(), prefixes), fields);
  const values: object[] = [];
  const errors: object[] = [];
  for (const id of page) {
    try {
      values.push(readingOf(store.read(id, { isStale })));
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      errors.push({ SecretId: id, ErrorCode: error.name, Message: error.message });
    }
  }
  return { SecretValues: values, Errors: errors, NextToken };
}

function listSecrets(fields: RequestFields, { store }: OperationContext) {
  const secrets = store.list({ includeDeleted: fields.boolean('IncludePlannedDeletion') ?? false });
  const { page, NextToken } = paginate(namesWith(secrets, namePrefixes(fields)), fields);
  const list = page.map((name) => {
    const { VersionIdsToStages, ...entry } = describe(store.describe(name));
    return { ...entry, SecretVersionsToStages: VersionIdsToStages };
  });
  return { SecretList: list, NextToken };
}

function createSecret(fields: RequestFields, { store }: OperationContext) {
  const name = fields.requiredString('Name');
  const value = secretValue(fields);
  const versionId = value === undefined ? undefined : clientRequestToken(fields);
  const secret = store.create(name, value, { versionId, description: fields.string('Description') });
  return { ...identify(secret), VersionId: versionId };
}

function putSecretValue(fields: RequestFields, { store }: OperationContext) {
  const value = secretValue(fields);
  if (value === undefined) throw invalidRequest('You must provide either SecretString or SecretBinary.');
  const { secret, version } = store.put(fields.requiredString('SecretId'), value, {
    versionId: clientRequestToken(fields),
    stages: fields.strings('VersionStages'),
  });
  return { ...identify(secret), VersionId: version.id, VersionStages: secret.versions.stagesOf(version.id) };
}

function updateSecretVersionStage(fields: RequestFields, { store }: OperationContext) {
  return identify(
    store.updateStage(fields.requiredString('SecretId'), {
      stage: fields.requiredString('VersionStage'),
      moveToVersionId: fields.string('MoveToVersionId'),
      removeFromVersionId: fields.string('RemoveFromVersionId'),
    }),
  );
}

function deleteSecret(fields: RequestFields, { store }: OperationContext) {
  const { deletionAtMs, ...secret } = store.delete(fields.requiredString('SecretId'), {
    recoveryWindowInDays: fields.integer('RecoveryWindowInDays'),
    force: fields.boolean('ForceDeleteWithoutRecovery'),
  });
  return { ...identify(secret), DeletionDate: epochSeconds(deletionAtMs) };
}

function secretValue(fields: RequestFields): SecretValue | undefined {
  const text = fields.string('SecretString');
  const bytes = fields.bytes('SecretBinary');
  if (text !== undefined && bytes !== undefined) {
    throw invalidParameter(
      "You can't specify both a binary secret value and a string secret value in the same secret.",
    );
  }
  const value = text ?? bytes;
  if (value !== undefined && Buffer.byteLength(value) > MAX_VALUE_BYTES) {
    const member = text === undefined ? 'secretBinary' : 'secretString';
    throw constraintViolation('', member, `Member must have length less than or equal to ${MAX_VALUE_BYTES}`);
  }
  // AWS takes an empty value for an absent one.
  return value?.length === 0 ? undefined : value;
}

function clientRequestToken(fields: RequestFields): string {
  const token = fields.string('ClientRequestToken');
  if (token === undefined) {
    throw invalidRequest('You must provide a ClientRequestToken value. We recommend a UUID-type value.');
  }
  if (token.length < 32 || token.length > 64) {
    throw invalidParameter('ClientRequestToken must be 32-64 characters long.');
  }
  return token;
}

const identify = ({ arn, name }: Pick<Secret, 'arn' | 'name'>) => ({ ARN: arn, Name: name });

function readingOf({ secret, version, stages }: SecretReading) {
  const { value } = version;
  return {
    ...identify(secret),
    VersionId: version.id,
    ...(typeof value === 'string'
      ? { SecretString: value }
      : { SecretBinary: Buffer.from(value).toString('base64') }),
    VersionStages: stages,
    CreatedDate: epochSeconds(version.createdAtMs),
  };
}

function describe(secret: Secret) {
  return {
    ...identify(secret),
    Description: secret.description,
    CreatedDate: epochSeconds(secret.createdAtMs),
    LastChangedDate: epochSeconds(secret.changedAtMs),
    LastAccessedDate: secret.readAtMs === undefined ? undefined : epochSeconds(startOfDay(secret.readAtMs)),
    DeletedDate: secret.deletionAtMs === undefined ? undefined : epochSeconds(secret.deletionAtMs),
    VersionIdsToStages: secret.versions.idsToStages(),
  };
}

/** The prefixes of names that a search asks for. */
const namePrefixes = (fields: RequestFields) =>
  fields.structures('Filters')?.flatMap((filter) => {
    if (filter.string('Key') !== 'name') {
      throw invalidParameter('This local Secrets Manager filters by the key "name" only.');
    }
    return filter.strings('Values') ?? [];
  });

const namesWith = (secrets: readonly Secret[], prefixes: readonly string[] = ['']) =>
  secrets.map(({ name }) => name).filter((name) => prefixes.some((prefix) => name.startsWith(prefix)));

/** `NextToken` is the place to go on from: no reader may rely on more than its presence. */
function paginate(items: readonly string[], fields: RequestFields) {
  const token = fields.string('NextToken') ?? '0';
  if (!/^\d{1,9}$/.test(token)) throw new AwsError('InvalidNextTokenException', 'Invalid NextToken.');
  const start = Number(token);
  const end = start + (fields.integer('MaxResults') ?? 100);
  return { page: items.slice(start, end), NextToken: end < items.length ? String(end) : undefined };
}

const epochSeconds = (ms: number) => ms / 1000;

/** AWS keeps the time of the last access as a date. */
const startOfDay = (ms: number) => ms - (ms % 86_400_000);
