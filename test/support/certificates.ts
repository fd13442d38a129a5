import { type KeyObject, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

/** A certificate and its key, as PEM. */
interface Certificate {
  readonly cert: string;
  readonly key: string;
}

interface Authority extends Certificate {
  /** A certificate of the authority for these host names and IPv4 addresses. */
  issue(hosts: readonly string[]): Certificate;
}

const HOUR_MS = 60 * 60 * 1000;
const OID = {
  ecdsaWithSha256: [42, 134, 72, 206, 61, 4, 3, 2],
  commonName: [85, 4, 3],
  basicConstraints: [85, 29, 19],
  subjectAltName: [85, 29, 17],
} as const;

/** An authority for certificates that lives for a test: its key is new, and nowhere but in this process. */
export function createAuthority(name = 'Authority of a test'): Authority {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const isAuthority = extension(OID.basicConstraints, sequence(boolean(true)), true);
  const own = certificate({
    subject: name,
    publicKey: pair.publicKey,
    issuer: name,
    extensions: [isAuthority],
  });
  return {
    cert: pem('CERTIFICATE', signed(own, pair.privateKey)),
    key: pemOf(pair.privateKey),
    issue: (hosts) => {
      const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      const names = extension(OID.subjectAltName, sequence(...hosts.map(alternativeName)));
      const issued = certificate({
        subject: 'Server of a test',
        publicKey,
        issuer: name,
        extensions: [names],
      });
      return { cert: pem('CERTIFICATE', signed(issued, pair.privateKey)), key: pemOf(privateKey) };
    },
  };
}

interface CertificateParts {
  readonly subject: string;
  readonly publicKey: KeyObject;
  readonly issuer: string;
  readonly extensions: readonly Buffer[];
}

/** The part of an X.509 certificate that is signed (RFC 5280, 4.1), in DER. */
function certificate({ subject, publicKey, issuer, extensions }: CertificateParts): Buffer {
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(8)]);
  return sequence(
    tagged(0xa0, integer(Buffer.from([2]))),
    integer(serial),
    SIGNATURE_ALGORITHM,
    distinguishedName(issuer),
    sequence(time(Date.now() - HOUR_MS), time(Date.now() + HOUR_MS)),
    distinguishedName(subject),
    publicKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  );
}

function signed(toBeSigned: Buffer, key: KeyObject): Buffer {
  return sequence(toBeSigned, SIGNATURE_ALGORITHM, bitString(sign('sha256', toBeSigned, key)));
}

function tagged(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: readonly Buffer[]) => tagged(0x30, ...parts);
const integer = (bytes: Buffer) => tagged(0x02, bytes);
const boolean = (value: boolean) => tagged(0x01, Buffer.from([value ? 255 : 0]));
const bitString = (bytes: Buffer) => tagged(0x03, Buffer.from([0]), bytes);
const objectId = (bytes: readonly number[]) => tagged(0x06, Buffer.from(bytes));
const SIGNATURE_ALGORITHM = sequence(objectId(OID.ecdsaWithSha256));

function time(ms: number): Buffer {
  return tagged(0x17, Buffer.from(`${new Date(ms).toISOString().slice(2, 19).replaceAll(/[-T:]/g, '')}Z`));
}

function distinguishedName(commonName: string): Buffer {
  return sequence(tagged(0x31, sequence(objectId(OID.commonName), tagged(0x0c, Buffer.from(commonName)))));
}

function extension(id: readonly number[], value: Buffer, isCritical = false): Buffer {
  return sequence(objectId(id), ...(isCritical ? [boolean(true)] : []), tagged(0x04, value));
}

function alternativeName(host: string): Buffer {
  return /^[\d.]+$/.test(host)
    ? tagged(0x87, Buffer.from(host.split('.').map(Number)))
    : tagged(0x82, Buffer.from(host));
}

function pem(label: string, der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}

const pemOf = (key: KeyObject) => key.export({ type: 'pkcs8', format: 'pem' }).toString();
