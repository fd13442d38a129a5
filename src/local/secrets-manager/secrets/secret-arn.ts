import { randomInt } from 'node:crypto';
import { AwsError } from '../aws-error.js';

const SUFFIX_LENGTH = 6;
const SUFFIX_ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

const NAME = /^[\w/+=.@!-]{1,512}$/;
const ARN = /^arn:aws[\w-]*:secretsmanager:[\w-]+:\d{12}:secret:[\w/+=.@!-]{1,519}$/;

/** The ARN of a new secret: AWS adds a hyphen and six random characters to its name. */
export function newSecretArn(region: string, accountId: string, name: string): string {
  const suffix = Array.from({ length: SUFFIX_LENGTH }, () =>
    SUFFIX_ALPHABET.charAt(randomInt(SUFFIX_ALPHABET.length)),
  );
  return `arn:aws:secretsmanager:${region}:${accountId}:secret:${name}-${suffix.join('')}`;
}

export function withoutSuffix(arn: string): string {
  return arn.slice(0, -(SUFFIX_LENGTH + 1));
}

/** @throws AwsError `ValidationException` */
export function expectSecretName(name: string): void {
  if (!NAME.test(name)) throw invalidName();
}

/** @throws AwsError `ValidationException` when it is neither a name nor an ARN */
export function expectSecretId(secretId: string): void {
  if (!NAME.test(secretId) && !ARN.test(secretId)) throw invalidName();
}

const invalidName = () =>
  new AwsError(
    'ValidationException',
    'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
  );
