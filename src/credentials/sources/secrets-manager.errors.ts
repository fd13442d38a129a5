import { fieldOf, textOf } from '../../foundation/text/describe-error.js';
import { MomentoConfigurationError, type MomentoConfigurationCode } from '../../foundation/momento.errors.js';
import { quoteName, showName, toLine } from '../../foundation/text/redaction.js';
import { SourceUnavailableError } from './source-unavailable.error.js';

interface Diagnosis {
  readonly code: MomentoConfigurationCode;
  readonly says: string;
  readonly advice: string;
}

/**
 * What each answer of Secrets Manager means, first match wins. All client errors are HTTP 400, so they are told apart by
 * name and, where AWS gives one name to two things, by message.
 */
const diagnoses: readonly (Diagnosis & { readonly name: string; readonly message?: RegExp })[] = [
  {
    name: 'ResourceNotFoundException',
    message: /staging label|version/i,
    code: 'secret-version-not-found',
    says: 'has no value for the staging label',
    advice:
      'Put a value into the secret, or correct the option versionStage (AWSCURRENT is the current value).',
  },
  {
    name: 'ResourceNotFoundException',
    code: 'secret-not-found',
    says: 'does not exist',
    advice:
      'Check the secret’s name, the region and the AWS account, or create the secret with the Momento key in plaintext.',
  },
  {
    name: 'InvalidRequestException',
    message: /deletion|deleted/i,
    code: 'secret-marked-for-deletion',
    says: 'is marked for deletion',
    advice: 'Restore it (aws secretsmanager restore-secret), or name another secret.',
  },
  {
    name: 'AccessDeniedException',
    message: /kms/i,
    code: 'kms-access-denied',
    says: 'cannot be decrypted with the role of this process',
    advice: 'Allow kms:Decrypt on the secret’s KMS key for the role, in the role’s policy and in the key’s.',
  },
  {
    name: 'AccessDeniedException',
    code: 'access-denied',
    says: 'may not be read by the role of this process',
    advice: 'Allow secretsmanager:GetSecretValue on the secret’s ARN in the role’s IAM policy.',
  },
  {
    name: 'CredentialsProviderError',
    code: 'aws-credentials-missing',
    says: 'cannot be read without AWS credentials',
    advice: 'Run with an IAM role, or set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
  },
  ...['InvalidRequestException', 'InvalidParameterException', 'ValidationException'].map((name) => ({
    name,
    code: 'secret-request-invalid' as const,
    says: 'was not accepted by Secrets Manager',
    advice: 'Correct the options secretId and versionStage.',
  })),
];

/** What may pass, but is seldom the network's fault. */
const adviceWhileItLasts: readonly { readonly name: RegExp; readonly advice: string }[] = [
  {
    name: /^(Expired|Unrecognized|Invalid|Incomplete|Missing)\w*(Token|Client|Signature|ClientTokenId)(Exception)?$/,
    advice:
      'Check that the AWS credentials of this process are those of the account, not expired, and that its clock is right (aws sts get-caller-identity).',
  },
  {
    name: /^DecryptionFailure/,
    advice: 'Check that the secret’s KMS key is enabled and that the role may use it.',
  },
  {
    name: /^(ThrottlingException|RequestLimitExceeded)/,
    advice: 'Look for what else calls Secrets Manager that often, or raise the option bootTimeoutSeconds.',
  },
];

/** An answer of Secrets Manager that is no value, by whichever way it came. */
export interface SecretsManagerAnswer {
  readonly name: string;
  readonly message: string;
  readonly requestId?: string | undefined;
}

/**
 * Turns what the AWS SDK threw into an error of this library. The original is never chained: for an unreadable answer it
 * quotes the answer, which may be the secret.
 *
 * @param secret what the source is, such as `secret 'x' in us-west-2`
 */
export function toSecretsManagerFault(error: unknown, secret: string): Error {
  return error instanceof MomentoConfigurationError ? error : diagnose(describeAwsError(error), secret);
}

/** @returns a `MomentoConfigurationError` for what stays wrong, else a `SourceUnavailableError` */
export function diagnose({ name, message, requestId }: SecretsManagerAnswer, secret: string): Error {
  const known = diagnoses.find((entry) => entry.name === name && (entry.message?.test(message) ?? true));
  const answer = [name, requestId && `request ${requestId}`].filter(Boolean).map(showName).join(', ');
  if (known === undefined) {
    return new SourceUnavailableError(
      `Reading ${secret} from Secrets Manager failed (${answer}).`,
      adviceWhileItLasts.find((entry) => entry.name.test(name))?.advice,
    );
  }
  return new MomentoConfigurationError(known.code, `The ${secret} ${known.says} (${answer}).`, known.advice);
}

/** By its fields, not by `instanceof`: Jest runs tests in a realm of its own, with another Error. */
function describeAwsError(error: unknown): SecretsManagerAnswer {
  const name = textOf(error, 'name') ?? typeof error;
  const code = textOf(error, 'code');
  return {
    name: code === undefined ? name : `${name} ${code}`,
    message: textOf(error, 'message') ?? '',
    requestId: textOf(fieldOf(error, '$metadata'), 'requestId'),
  };
}

export function regionContradictsArn(
  secretId: string,
  arnRegion: string,
  region: string,
): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'region-mismatch',
    `The ARN of secret ${quoteName(secretId)} is in ${arnRegion}, but the option region is ${showName(region)}.`,
    'Leave the option region out: the region of an ARN is taken from the ARN.',
  );
}

export function regionContradictsClient(
  secretId: string,
  region: string,
  clientRegion: string,
): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'region-mismatch',
    `The secret ${quoteName(secretId)} is in ${showName(region)}, but the given client is in ${showName(clientRegion)}.`,
    `Make the client for ${showName(region)}, or leave it out.`,
  );
}

export function clientWithoutRegion(secret: string): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'secret-request-invalid',
    `The ${secret} cannot be read: the given client has no region.`,
    'Give the client the region of the secret, or set AWS_REGION.',
  );
}

export function endpointIsNoUrl(secret: string): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'secret-request-invalid',
    `The ${secret} cannot be read: the option endpoint is not a URL.`,
    'Give the URL of Secrets Manager, such as https://secretsmanager.us-west-2.amazonaws.com, or leave it out.',
  );
}

export function secretWithoutValue(secret: string): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'secret-empty',
    `The value of ${secret} is empty.`,
    'Store a Momento key in it, in plaintext.',
  );
}

/** What loading the AWS SDK threw: neither waiting nor trying again would help. */
export function awsSdkNotLoaded(error: unknown): MomentoConfigurationError {
  // What the AWS SDK itself requires may be missing too, which is another matter.
  const isMissing =
    ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'].includes(textOf(error, 'code') ?? '') &&
    /^Cannot find (package|module) '@aws-sdk\/client-secrets-manager'/.test(textOf(error, 'message') ?? '');
  return isMissing ? awsSdkMissing() : awsSdkBroken(error);
}

function awsSdkMissing(): MomentoConfigurationError {
  return new MomentoConfigurationError(
    'aws-sdk-missing',
    'fromSecretsManager() needs the AWS SDK, which is not installed.',
    'Run: npm install @aws-sdk/client-secrets-manager',
  );
}

/** @param reason what was thrown while it loaded, or what is wrong with what was loaded */
export function awsSdkBroken(reason: unknown): MomentoConfigurationError {
  const [firstLine = ''] = String(reason).split('\n');
  return new MomentoConfigurationError(
    'aws-sdk-broken',
    `fromSecretsManager() cannot load the AWS SDK (${toLine(firstLine)}).`,
    'Install it again (npm install @aws-sdk/client-secrets-manager@^3.699.0), and leave it out of a bundle if it was bundled.',
  );
}
