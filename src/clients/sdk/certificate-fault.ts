import type { SdkError } from '@gomomento/sdk';

/** In place of the SDK's code, which is that of any connection that fails. */
export const certificateNotTrusted = 'its certificate is not trusted';

/** Whether a connection failed because the server's certificate is not trusted, has expired, or is for another host. */
export function isCertificateFault(error: SdkError): boolean {
  // Node's texts for it all have the word; gRPC keeps nothing else of the error.
  return /No connection established\..* certificate/.test(error.message);
}

/** What to do then. */
export const certificateAdvice =
  'Name a file with the authority of the certificate in NODE_EXTRA_CA_CERTS, which is read when the process starts, or in ' +
  'GRPC_DEFAULT_SSL_ROOTS_FILE_PATH, which wins when it is set; and check that the certificate is valid now and for the hosts ' +
  'of the endpoint.';
