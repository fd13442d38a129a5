import { MomentoConfigurationError } from '../../foundation/momento.errors.js';
import { quoteName, redactKeys } from '../../foundation/text/redaction.js';

/** As AWS allows them; with `!`, names of secrets that services of AWS manage. */
const secretName = /^[\w/+=.@!-]{1,512}$/;
const secretArn =
  /^arn:aws[a-z-]{0,20}:secretsmanager:(?<region>[a-z0-9-]{1,40}):\d{12}:secret:[\w/+=.@!-]{1,519}$/;
const stage = /^[\x21-\x7e]{1,256}$/;
/** The AWS SDK makes a host name of it. */
const regionName = /^[a-z0-9-]{1,40}$/;

/** The region of an ARN; undefined for a name, and for what is neither. */
export function regionOfArn(secretId: string): string | undefined {
  return secretArn.exec(secretId)?.groups?.['region'];
}

/**
 * Checks what a request is made of, before there is one: a region becomes a host name, and a key that was put into the place
 * of a name would be in AWS's logs.
 *
 * @throws MomentoConfigurationError `secret-request-invalid`
 */
export function checkSecretId(secretId: string, versionStage: string): void {
  if (!secretName.test(secretId) && !secretArn.test(secretId)) {
    throw invalid(
      `The option secretId, ${quoteName(secretId)}, is neither a name nor an ARN of a secret.`,
      'Give the name of the secret (letters, digits and any of /_+=.@-), or its full ARN.',
    );
  }
  if (/^e(?:yJ|yA|w[ok0])/.test(secretId) && redactKeys(secretId) !== secretId) {
    throw invalid(
      'The option secretId looks like a Momento key.',
      'Give the name or the ARN of the secret that holds the key, not the key.',
    );
  }
  if (!stage.test(versionStage)) {
    throw invalid(
      `The option versionStage, ${quoteName(versionStage)}, is not a staging label.`,
      "Give a label without spaces, of at most 256 characters, such as 'AWSCURRENT'.",
    );
  }
}

/** @throws MomentoConfigurationError `secret-request-invalid` */
export function checkRegion(region: string): void {
  if (!regionName.test(region)) throw regionInvalid(quoteName(region));
}

/** @param which one that may be shown */
export function regionInvalid(which: string): MomentoConfigurationError {
  return invalid(
    `The AWS region ${which} is not valid.`,
    "Give a region as AWS writes it, such as 'us-west-2', in the option region, the client, AWS_REGION or the profile.",
  );
}

function invalid(sentence: string, advice: string): MomentoConfigurationError {
  return new MomentoConfigurationError('secret-request-invalid', sentence, advice);
}
