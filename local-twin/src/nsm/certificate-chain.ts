import { Buffer } from 'node:buffer';
import { generateKeyPairSync, type KeyObject, randomBytes, randomUUID } from 'node:crypto';
import {
  authorityKeyIdentifier,
  certificateAuthority,
  crlDistributionPoint,
  END_ENTITY,
  issueCertificate,
  keyUsage,
  type Name,
  subjectKeyIdentifier,
} from '../x509/certificate.ts';
import type { Authority } from '../x509/stored-authority.ts';

const SECOND_MS = 1000;
const HOUR_MS = 3600 * SECOND_MS;
const DAY_MS = 24 * HOUR_MS;
const ROOT_NAME: Name = [
  ['C', 'US'],
  ['O', 'Strongroom'],
  ['OU', 'twin'],
  ['CN', 'twin.nitro-enclaves'],
];

/** The enclave that a chain is issued to. */
export interface ModuleIdentity {
  readonly region: string;
  /** `i-` and 17 hex digits. */
  readonly instanceId: string;
  /** 8 bytes; `module_id` is `<instanceId>-enc<hex of these>`. */
  readonly enclaveId: Uint8Array;
}

/** `module_id` of the attestation document. */
export function moduleIdOf({ instanceId, enclaveId }: ModuleIdentity): string {
  return `${instanceId}-enc${Buffer.from(enclaveId).toString('hex')}`;
}

/** A certificate with its key, or the root. */
export interface Link extends Authority {
  readonly subject: Name;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** One level below the root, as measured on AWS's documents of 2021 to 2026. */
interface Level {
  readonly lifetimeMs: number;
  /** How far `notBefore` lies before the issue. */
  readonly backdatedMs: number;
  /** A certificate with less validity left than this is replaced before a document is signed; longer than the next level lives. */
  readonly renewedMs: number;
  readonly serial: (module: ModuleIdentity, nowMs: number) => Uint8Array;
  readonly subject: (module: ModuleIdentity) => Name;
  readonly extensions: (publicKey: KeyObject, issuerKey: KeyObject) => readonly Uint8Array[];
}

const CA_USAGE = keyUsage(true, 'digitalSignature', 'keyCertSign', 'cRLSign');
const SEATTLE: Name = [
  ['C', 'US'],
  ['ST', 'Washington'],
  ['L', 'Seattle'],
  ['O', 'Strongroom'],
  ['OU', 'twin'],
];

const REGION: Level = {
  lifetimeMs: 20 * DAY_MS,
  backdatedMs: HOUR_MS,
  renewedMs: 7 * DAY_MS,
  serial: () => randomBytes(16),
  subject: ({ region }) => [
    ['C', 'US'],
    ['O', 'Strongroom'],
    ['OU', 'twin'],
    ['CN', `${randomBytes(8).toString('hex')}.${region}.aws.nitro-enclaves`],
  ],
  extensions: (publicKey, issuerKey) => [
    certificateAuthority(2),
    authorityKeyIdentifier(issuerKey),
    subjectKeyIdentifier(publicKey),
    CA_USAGE,
    crlDistributionPoint(`http://nitro-enclaves-crl.local-twin.invalid/crl/${randomUUID()}.crl`),
  ],
};

const ZONAL: Level = {
  lifetimeMs: 6 * DAY_MS,
  backdatedMs: HOUR_MS,
  renewedMs: 25 * HOUR_MS,
  serial: () => randomBytes(16),
  subject: ({ region }) => [
    ['CN', `${randomBytes(8).toString('hex')}.zonal.${region}.aws.nitro-enclaves`],
    ['OU', 'twin'],
    ['O', 'Strongroom'],
    ['C', 'US'],
    ['ST', 'WA'],
    ['L', 'Seattle'],
  ],
  extensions: (publicKey, issuerKey) => [
    certificateAuthority(1),
    authorityKeyIdentifier(issuerKey),
    subjectKeyIdentifier(publicKey),
    CA_USAGE,
    crlDistributionPoint(`http://crl-nitro-enclaves.local-twin.invalid/crl/${randomUUID()}.crl`),
  ],
};

const INSTANCE: Level = {
  lifetimeMs: DAY_MS,
  backdatedMs: 0,
  renewedMs: 3 * HOUR_MS + 60 * SECOND_MS,
  serial: () => randomBytes(20),
  subject: ({ instanceId, region }) => [...SEATTLE, ['CN', `${instanceId}.${region}.aws.nitro-enclaves`]],
  extensions: (publicKey, issuerKey) => [
    certificateAuthority(0),
    keyUsage(true, 'keyCertSign'),
    subjectKeyIdentifier(publicKey),
    authorityKeyIdentifier(issuerKey),
  ],
};

/** Reused until half an hour is left; its serial is the enclave id, four zeros and the time of issue in seconds. */
const LEAF: Level = {
  lifetimeMs: 3 * HOUR_MS,
  backdatedMs: 3 * SECOND_MS,
  renewedMs: 30 * 60 * SECOND_MS,
  serial: ({ enclaveId }, nowMs) => {
    const serial = new Uint8Array(16);
    serial.set(enclaveId);
    new DataView(serial.buffer).setUint32(12, Math.floor(nowMs / SECOND_MS));
    return serial;
  },
  subject: (module) => [...SEATTLE, ['CN', `${moduleIdOf(module)}.${module.region}.aws`]],
  extensions: () => [END_ENTITY, keyUsage(false, 'digitalSignature', 'nonRepudiation')],
};

const LEVELS = [REGION, ZONAL, INSTANCE, LEAF];

/** Signs the twin's root over its own key: 30 years, no pathLen, otherwise as AWS's. */
export function selfSignRoot(
  key: { privateKey: KeyObject; publicKey: KeyObject },
  nowMs: number,
): Uint8Array {
  const contents = {
    serial: randomBytes(16),
    issuer: ROOT_NAME,
    subject: ROOT_NAME,
    notBeforeMs: nowMs - HOUR_MS,
    notAfterMs: nowMs + 30 * 365 * DAY_MS,
    publicKey: key.publicKey,
    extensions: [certificateAuthority(null), subjectKeyIdentifier(key.publicKey), CA_USAGE],
  };
  return issueCertificate(contents, key.privateKey);
}

/**
 * The certificates of one module under `root`: region, zonal, instance and leaf, made at first use and again
 * when one is about to expire or the clock has left its validity; what lies below a new certificate is new too.
 */
export class CertificateChain {
  readonly #root: Authority;
  readonly #module: ModuleIdentity;
  #links: readonly Link[] = [];

  constructor(root: Authority, module: ModuleIdentity) {
    this.#root = root;
    this.#module = module;
  }

  /** Returns region, zonal, instance and leaf, all valid at `nowMs`. */
  at(nowMs: number): readonly Link[] {
    const links: Link[] = [];
    let reissued = false;
    for (const [index, level] of LEVELS.entries()) {
      const current = this.#links[index];
      const usable = current && nowMs >= current.notBeforeMs && nowMs + level.renewedMs <= current.notAfterMs;
      reissued ||= !usable;
      links.push(reissued || !current ? this.#issue(level, links.at(-1), nowMs) : current);
    }
    this.#links = links;
    return links;
  }

  #issue(level: Level, parent: Link | undefined, nowMs: number): Link {
    const issuer = parent ?? { ...this.#root, subject: ROOT_NAME };
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const subject = level.subject(this.#module);
    const notBeforeMs = floorToSecond(nowMs - level.backdatedMs);
    const notAfterMs = floorToSecond(nowMs + level.lifetimeMs);
    const contents = {
      serial: level.serial(this.#module, nowMs),
      issuer: issuer.subject,
      subject,
      notBeforeMs,
      notAfterMs,
      publicKey,
      extensions: level.extensions(publicKey, issuer.publicKey),
    };
    return {
      certificate: issueCertificate(contents, issuer.privateKey),
      privateKey,
      publicKey,
      subject,
      notBeforeMs,
      notAfterMs,
    };
  }
}

const floorToSecond = (atMs: number): number => Math.floor(atMs / SECOND_MS) * SECOND_MS;
