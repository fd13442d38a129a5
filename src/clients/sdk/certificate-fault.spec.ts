import { ServerUnavailableError } from '@gomomento/sdk';
import { describe, expect, it } from 'vitest';
import { isCertificateFault } from './certificate-fault.js';

const unavailable = (reason: string) =>
  new ServerUnavailableError(`14 UNAVAILABLE: No connection established. Last error: ${reason}`);

describe('isCertificateFault', () => {
  it.each([
    'Error: unable to verify the first certificate',
    'Error: self-signed certificate in certificate chain',
    'Error: unable to get local issuer certificate',
    'Error: certificate has expired',
    "Error [ERR_TLS_CERT_ALTNAME_INVALID]: Hostname/IP does not match certificate's altnames: Host: a.test.",
  ])('is true of: %s', (reason) => {
    expect(isCertificateFault(unavailable(reason))).toBe(true);
  });

  it.each(['Error: connect ECONNREFUSED 127.0.0.1:443', 'Error: read ECONNRESET', ''])(
    'is false of: %s',
    (reason) => {
      expect(isCertificateFault(unavailable(reason))).toBe(false);
    },
  );

  it('is false of what a server says of certificates', () => {
    const told = new ServerUnavailableError('14 UNAVAILABLE: renewing the certificate');
    expect(isCertificateFault(told)).toBe(false);
  });
});
