export type { IssueApiKeyOptions } from './momento/keys/api-keys.js';
export type { CallFaultOptions, MomentoFaults } from './momento/faults/momento-faults.js';
export type { RpcName } from './momento/grpc/services.js';
export { MomentoLocal } from './momento/momento-local.js';
export type {
  MomentoLocalEndpoints,
  MomentoLocalOptions,
  MomentoLocalTls,
} from './momento/momento-local.options.js';
export type { MomentoLocalStats } from './momento/momento-local.stats.js';
export type { RequestRecord } from './momento/request-log.js';
export type { SecretsManagerCall } from './secrets-manager/call-log.js';
export type { FaultOptions, SecretsManagerFaults } from './secrets-manager/faults/faults.js';
export type { SecretValue } from './secrets-manager/secrets/secret-versions.js';
export { SecretsManagerLocal } from './secrets-manager/secrets-manager-local.js';
export type {
  DeleteSecretOptions,
  PutSecretOptions,
  SecretsManagerLocalOptions,
} from './secrets-manager/secrets-manager-local.js';
