import type { IncomingHttpHeaders } from 'node:http';
import { AwsError } from '../aws-error.js';

const SCOPE = /^[^/]+\/\d{8}\/([\w-]+)\/([\w-]+)\/aws4_request$/;

/**
 * Checks the shape of a request's Signature Version 4 — not the signature itself: any key pair is welcome — and
 * returns the region it was signed for.
 * @throws AwsError `MissingAuthenticationTokenException`, `IncompleteSignatureException`, `InvalidSignatureException`
 */
export function signedRegion(headers: IncomingHttpHeaders): string {
  const authorization = headers.authorization;
  if (authorization === undefined) {
    throw new AwsError('MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  const credential = parameter(authorization, 'Credential');
  const problems = [
    ...(authorization.startsWith('AWS4-HMAC-SHA256 ')
      ? []
      : ["Authorization header requires 'AWS4-HMAC-SHA256'."]),
    ...missing('Credential', credential),
    ...missing('Signature', parameter(authorization, 'Signature')),
    ...missing('SignedHeaders', parameter(authorization, 'SignedHeaders')),
    ...(headers['x-amz-date'] === undefined && headers.date === undefined
      ? ["Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header."]
      : []),
  ];
  if (credential === undefined || problems.length > 0) {
    throw new AwsError('IncompleteSignatureException', problems.join(' '));
  }
  const [, region, service] = SCOPE.exec(credential) ?? [];
  if (region === undefined) {
    throw new AwsError(
      'IncompleteSignatureException',
      'Credential must have exactly 5 slash-delimited elements: ACCESS_KEY_ID/DATE/REGION/secretsmanager/aws4_request.',
    );
  }
  if (service !== 'secretsmanager') {
    throw new AwsError(
      'InvalidSignatureException',
      "Credential should be scoped to correct service: 'secretsmanager'.",
    );
  }
  if (!/^[\da-f]{64}$/.test(parameter(authorization, 'Signature') ?? '')) {
    throw new AwsError('InvalidSignatureException', 'The request signature we calculated does not match.');
  }
  return region;
}

const parameter = (authorization: string, name: string) =>
  new RegExp(`[ ,]${name}=([^, ]+)`).exec(authorization)?.[1];

const missing = (name: string, value: string | undefined) =>
  value === undefined ? [`Authorization header requires '${name}' parameter.`] : [];
