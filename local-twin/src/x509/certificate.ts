import { Buffer } from 'node:buffer';
import { createHash, type KeyObject, sign } from 'node:crypto';
import {
  bitString,
  der,
  explicit,
  integer,
  octetString,
  oid,
  printableString,
  sequence,
  set,
  TRUE,
  time,
  utf8String,
} from './der-encode.ts';

const ECDSA_WITH_SHA384 = sequence(oid('1.2.840.10045.4.3.3'));
const VERSION_3 = explicit(0, integer(Uint8Array.of(2)));

const ATTRIBUTE_OIDS = {
  C: '2.5.4.6',
  ST: '2.5.4.8',
  L: '2.5.4.7',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  CN: '2.5.4.3',
} as const;

/** Distinguished name: one attribute per RDN, in the order in which they are encoded. */
export type Name = readonly (readonly [attribute: keyof typeof ATTRIBUTE_OIDS, value: string])[];

/** What a certificate says; keys are P-384 and the signature is ecdsa-with-SHA384. */
export interface CertificateContents {
  /** Big-endian magnitude of the serial number. */
  readonly serial: Uint8Array;
  readonly issuer: Name;
  readonly subject: Name;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly publicKey: KeyObject;
  /** Extensions in DER, in the order in which they are encoded. */
  readonly extensions: readonly Uint8Array[];
}

/** Issues an X.509 v3 certificate (RFC 5280 section 4.1) and returns its DER. */
export function issueCertificate(contents: CertificateContents, signingKey: KeyObject): Uint8Array {
  const tbsCertificate = sequence(
    VERSION_3,
    integer(contents.serial),
    ECDSA_WITH_SHA384,
    encodeName(contents.issuer),
    sequence(time(contents.notBeforeMs), time(contents.notAfterMs)),
    encodeName(contents.subject),
    contents.publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...contents.extensions)),
  );
  return sequence(tbsCertificate, ECDSA_WITH_SHA384, bitString(sign('sha384', tbsCertificate, signingKey)));
}

function encodeName(name: Name): Uint8Array {
  const rdn = ([attribute, value]: Name[number]): Uint8Array =>
    set(
      sequence(
        oid(ATTRIBUTE_OIDS[attribute]),
        attribute === 'C' ? printableString(value) : utf8String(value),
      ),
    );
  return sequence(...name.map(rdn));
}

function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  return sequence(oid(id), ...(critical ? [TRUE] : []), octetString(value));
}

/** basicConstraints of a CA, critical; null leaves pathLenConstraint out. */
export function certificateAuthority(pathLength: number | null): Uint8Array {
  return extension(
    '2.5.29.19',
    true,
    sequence(TRUE, ...(pathLength === null ? [] : [integer(Uint8Array.of(pathLength))])),
  );
}

/** basicConstraints of an end entity: critical, empty SEQUENCE. */
export const END_ENTITY = extension('2.5.29.19', true, sequence());

const KEY_USAGE_BITS = {
  digitalSignature: 0x80,
  nonRepudiation: 0x40,
  keyCertSign: 0x04,
  cRLSign: 0x02,
} as const;

/** keyUsage with the bits named. */
export function keyUsage(critical: boolean, ...usages: readonly (keyof typeof KEY_USAGE_BITS)[]): Uint8Array {
  const bits = usages.reduce((sum, usage) => sum | KEY_USAGE_BITS[usage], 0);
  const unusedBits = 31 - Math.clz32(bits & -bits);
  return extension('2.5.29.15', critical, bitString(Uint8Array.of(bits), unusedBits));
}

/** Key identifier of RFC 5280 section 4.2.1.2 method 1: SHA-1 of the public key's bits, 20 bytes. */
function keyIdentifier(publicKey: KeyObject): Uint8Array {
  const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
  return createHash('sha1').update(Uint8Array.of(4)).update(x, 'base64url').update(y, 'base64url').digest();
}

export function subjectKeyIdentifier(publicKey: KeyObject): Uint8Array {
  return extension('2.5.29.14', false, octetString(keyIdentifier(publicKey)));
}

export function authorityKeyIdentifier(issuerKey: KeyObject): Uint8Array {
  return extension('2.5.29.35', false, sequence(der(0x80, keyIdentifier(issuerKey))));
}

/** cRLDistributionPoints with one URI. */
export function crlDistributionPoint(uri: string): Uint8Array {
  return extension(
    '2.5.29.31',
    false,
    sequence(sequence(explicit(0, explicit(0, der(0x86, Buffer.from(uri, 'latin1')))))),
  );
}

/** extendedKeyUsage id-kp-serverAuth, of a TLS server. */
export const SERVER_AUTHENTICATION = extension('2.5.29.37', false, sequence(oid('1.3.6.1.5.5.7.3.1')));

/** subjectAltName with DNS names and IPv4 addresses. */
export function subjectAlternativeNames(
  dnsNames: readonly string[],
  ipv4Addresses: readonly string[],
): Uint8Array {
  const dns = dnsNames.map((name) => der(0x82, Buffer.from(name, 'latin1')));
  const ipv4 = ipv4Addresses.map((address) => der(0x87, Uint8Array.from(address.split('.').map(Number))));
  return extension('2.5.29.17', false, sequence(...dns, ...ipv4));
}

/** PEM of a certificate, lines of 64 characters, with a final newline. */
export function certificatePem(certificate: Uint8Array): string {
  const lines =
    Buffer.from(certificate)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
