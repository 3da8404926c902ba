// Issues chains of certificates in the profile of Nitro attestation, each with the defects that a case asks for.
import { Buffer } from 'node:buffer';
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import {
  bits,
  boolean,
  commonName,
  der,
  integer,
  octets,
  oid,
  rawInteger,
  sequence,
  utcText,
  utcTime,
} from './der-writer.ts';

export const NOW_MS = Date.UTC(2026, 8, 1, 12);
const HOUR_MS = 3_600_000;
export const ECDSA_SHA384 = sequence(oid('1.2.840.10045.4.3.3'));
export const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'));
export const INSTANCE_ID = 'i-0123456789abcdef0';
export const MODULE_ID = `${INSTANCE_ID}-enc0123456789abcdef`;

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export const p384 = (): KeyPair => generateKeyPairSync('ec', { namedCurve: 'P-384' });

/** All of a certificate that a case may replace. */
export interface CertificateParts {
  readonly version: Uint8Array;
  readonly serial: Uint8Array;
  readonly innerAlgorithm: Uint8Array;
  readonly outerAlgorithm: Uint8Array;
  readonly issuer: Uint8Array;
  readonly notBefore: Uint8Array;
  readonly notAfter: Uint8Array;
  readonly subject: Uint8Array;
  readonly spki: Uint8Array;
  /** Null leaves the field out. */
  readonly extensions: readonly Uint8Array[] | null;
  /** Signature value, from the DER that was made. */
  readonly signature: (der: Uint8Array) => Uint8Array;
  /** The finished certificate. */
  readonly finish: (der: Buffer) => Uint8Array;
  readonly signer: KeyObject | null;
  /** The key below which the next certificate of the chain stands. */
  readonly key: KeyPair;
}

export type Defects = Partial<CertificateParts>;

export const extension = (id: string, critical: boolean, value: Uint8Array): Buffer =>
  sequence(oid(id), ...(critical ? [boolean(0xff)] : []), octets(value));
export const basicConstraints = (value: Uint8Array, critical = true): Buffer =>
  extension('2.5.29.19', critical, value);
export const caConstraints = (pathLength: number | null, critical = true): Buffer =>
  basicConstraints(
    sequence(boolean(0xff), ...(pathLength === null ? [] : [rawInteger(pathLength)])),
    critical,
  );
export const keyUsage = (octet: number, unused: number, critical = true): Buffer =>
  extension('2.5.29.15', critical, bits(Buffer.of(octet), unused));
export const CA_USAGE = keyUsage(0x86, 1);
export const LEAF_USAGE = keyUsage(0xc0, 6, false);
export const LEAF_CONSTRAINTS = basicConstraints(sequence());

export interface Issued {
  readonly der: Uint8Array;
  readonly key: KeyPair;
  readonly subject: Uint8Array;
}

function issue(parts: Omit<CertificateParts, 'signer'>, signer: KeyObject): Issued {
  const extensions = parts.extensions === null ? [] : [der(0xa3, sequence(...parts.extensions))];
  const { version, serial, innerAlgorithm, issuer, subject, spki } = parts;
  const validity = sequence(parts.notBefore, parts.notAfter);
  const tbs = sequence(version, serial, innerAlgorithm, issuer, validity, subject, spki, ...extensions);
  const signature = bits(parts.signature(sign('sha384', tbs, signer)));
  return { der: parts.finish(sequence(tbs, parts.outerAlgorithm, signature)), key: parts.key, subject };
}

/** Issues a certificate for `name` below `parent`, or self-signed. */
export function certificate(
  name: string,
  parent: Issued | null,
  base: { readonly hours: readonly [number, number]; readonly extensions: readonly Uint8Array[] },
  defects: Defects = {},
): Issued {
  const key = defects.key ?? p384();
  const subject = commonName(name);
  const [before, after] = base.hours;
  const parts = {
    version: der(0xa0, rawInteger(2)),
    serial: integer(Buffer.from(`01${Buffer.from(name).toString('hex').slice(0, 24)}`, 'hex')),
    innerAlgorithm: ECDSA_SHA384,
    outerAlgorithm: ECDSA_SHA384,
    issuer: parent?.subject ?? subject,
    notBefore: utcTime(utcText(NOW_MS - before * HOUR_MS)),
    notAfter: utcTime(utcText(NOW_MS + after * HOUR_MS)),
    subject,
    spki: key.publicKey.export({ type: 'spki', format: 'der' }),
    extensions: base.extensions,
    signature: (bytes: Uint8Array) => bytes,
    finish: (bytes: Buffer): Uint8Array => bytes,
    ...defects,
    key,
  };
  return issue(parts, defects.signer ?? (parent ?? { key }).key.privateKey);
}

export const ROLES = ['region', 'zonal', 'instance', 'leaf'] as const;
export type Role = (typeof ROLES)[number];

const LEVELS = {
  region: { name: 'region.test', hours: [240, 240], extensions: [caConstraints(2), CA_USAGE] },
  zonal: { name: 'zonal.test', hours: [72, 72], extensions: [caConstraints(1), CA_USAGE] },
  instance: {
    name: `${INSTANCE_ID}.test`,
    hours: [12, 12],
    extensions: [caConstraints(0), keyUsage(0x04, 2)],
  },
  leaf: { name: `${MODULE_ID}.test`, hours: [1, 2], extensions: [LEAF_CONSTRAINTS, LEAF_USAGE] },
} as const;

export function selfSignedRoot(defects: Defects = {}): Issued {
  return certificate(
    'root.test',
    null,
    { hours: [1000, 100_000], extensions: [caConstraints(null), CA_USAGE] },
    defects,
  );
}

/** Region, zonal, instance and leaf below a root, root first. */
export function chain(root: Issued, defects: Partial<Record<Role, Defects>> = {}): readonly Issued[] {
  const issued: Issued[] = [root];
  for (const role of ROLES) {
    const { name, ...base } = LEVELS[role];
    issued.push(certificate(name, issued.at(-1) ?? root, base, defects[role]));
  }
  return issued;
}
