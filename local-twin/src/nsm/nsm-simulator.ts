import { createHash, hash, randomBytes } from 'node:crypto';
import {
  type AttestationRequest,
  type Nsm,
  type NsmDescription,
  NsmError,
  type PcrDescription,
} from '../../../enclave-app/src/nsm/nsm.ts';
import { signAttestationDocument } from './attestation-document.ts';
import { type CertificateChain, type ModuleIdentity, moduleIdOf } from './certificate-chain.ts';
import type { NsmPki } from './nsm-pki.ts';

const PCR_COUNT = 32;
/** PCRs that belong to the measurement and are locked when the enclave starts. */
const LAUNCH_PCRS = 16;
const PCR_BYTES = 48;
/** Size of the request and response buffers of /dev/nsm (aws-nitro-enclaves-nsm-api, src/driver/mod.rs). */
const MAX_REQUEST_BYTES = 0x1000;
const MAX_RESPONSE_BYTES = 0x3000;
const MAX_USER_DATA_BYTES = 512;
const MAX_NONCE_BYTES = 512;
const MAX_PUBLIC_KEY_BYTES = 1024;
const RANDOM_BYTES = 256;

/** Values of the measured registers, 48 bytes each; all zero is what a debug enclave shows. */
export interface LaunchMeasurements {
  readonly pcr0: Uint8Array;
  readonly pcr1: Uint8Array;
  readonly pcr2: Uint8Array;
}

export interface NsmSimulatorOptions {
  readonly pki: NsmPki;
  readonly measurements: LaunchMeasurements;
  /** IAM role of the parent instance, measured in PCR3; without one PCR3 is zero. */
  readonly roleArn?: string;
  /** `i-` and 17 hex digits, measured in PCR4; by default one that belongs to the PKI's root. */
  readonly instanceId?: string;
  readonly region?: string;
  readonly now?: () => number;
}

/**
 * Starts a simulated Nitro Security Module for one launch of an enclave: PCRs 0 to 15 measured and locked,
 * 16 to 31 zero and open, a fresh enclave id, documents signed under the PKI's root.
 */
export function startNsmSimulator(options: NsmSimulatorOptions): Nsm {
  return new NsmSimulator(options);
}

class NsmSimulator implements Nsm {
  readonly #module: ModuleIdentity;
  readonly #rootCertificate: Uint8Array;
  readonly #chain: CertificateChain;
  readonly #now: () => number;
  readonly #pcrs: { value: Uint8Array; locked: boolean }[];

  constructor({
    pki,
    measurements,
    roleArn,
    instanceId = instanceIdOf(pki),
    region = 'us-east-1',
    now = Date.now,
  }: NsmSimulatorOptions) {
    this.#module = { region, instanceId, enclaveId: newEnclaveId(now()) };
    this.#rootCertificate = pki.rootCertificate;
    this.#chain = pki.openChain(this.#module);
    this.#now = now;
    this.#pcrs = Array.from({ length: PCR_COUNT }, (_, index) => ({
      value: new Uint8Array(PCR_BYTES),
      locked: index < LAUNCH_PCRS,
    }));
    this.#measure(0, measurements.pcr0);
    this.#measure(1, measurements.pcr1);
    this.#measure(2, measurements.pcr2);
    if (roleArn !== undefined)
      this.#measure(3, extend(new Uint8Array(PCR_BYTES), new TextEncoder().encode(roleArn)));
    this.#measure(4, extend(new Uint8Array(PCR_BYTES), new TextEncoder().encode(instanceId)));
  }

  #measure(index: number, value: Uint8Array): void {
    if (value.length !== PCR_BYTES) throw new RangeError(`PCR${index} is not of ${PCR_BYTES} bytes`);
    this.#pcr(index).value = Uint8Array.from(value);
  }

  #pcr(index: number): { value: Uint8Array; locked: boolean } {
    const pcr = this.#pcrs[index];
    if (!pcr) throw new NsmError('NSM_INVALID_INDEX');
    return pcr;
  }

  describe(): NsmDescription {
    const lockedPcrs = this.#pcrs.flatMap(({ locked }, index) => (locked ? [index] : []));
    return { moduleId: moduleIdOf(this.#module), maxPcrs: PCR_COUNT, lockedPcrs, digest: 'SHA384' };
  }

  describePcr(index: number): PcrDescription {
    const { locked, value } = this.#pcr(index);
    return { locked, value: Uint8Array.from(value) };
  }

  extendPcr(index: number, data: Uint8Array): Uint8Array {
    if (extendRequestBytes(index, data) > MAX_REQUEST_BYTES) throw new NsmError('NSM_INPUT_TOO_LARGE');
    const pcr = this.#pcr(index);
    if (pcr.locked) throw new NsmError('NSM_READ_ONLY_INDEX');
    pcr.value = extend(pcr.value, data);
    return Uint8Array.from(pcr.value);
  }

  lockPcr(index: number): void {
    const pcr = this.#pcr(index);
    if (pcr.locked) throw new NsmError('NSM_READ_ONLY_INDEX');
    pcr.locked = true;
  }

  lockPcrs(range: number): void {
    if (!Number.isInteger(range) || range < 0 || range > PCR_COUNT) throw new NsmError('NSM_INVALID_INDEX');
    for (const pcr of this.#pcrs.slice(0, range)) pcr.locked = true;
  }

  attestation({ userData, nonce, publicKey }: AttestationRequest): Uint8Array {
    if ((userData?.length ?? 0) > MAX_USER_DATA_BYTES) throw new NsmError('NSM_INPUT_TOO_LARGE');
    if ((nonce?.length ?? 0) > MAX_NONCE_BYTES) throw new NsmError('NSM_INPUT_TOO_LARGE');
    if ((publicKey?.length ?? 0) > MAX_PUBLIC_KEY_BYTES) throw new NsmError('NSM_INPUT_TOO_LARGE');
    const timestampMs = this.#now();
    const [region, zonal, instance, leaf] = this.#chain.at(timestampMs);
    if (!region || !zonal || !instance || !leaf) throw new NsmError('NSM_INTERNAL_ERROR');
    const payload = {
      moduleId: moduleIdOf(this.#module),
      timestampMs,
      pcrs: this.#pcrs.flatMap(({ locked, value }, index) => (locked ? [[index, value] as const] : [])),
      certificate: leaf.certificate,
      cabundle: [this.#rootCertificate, region.certificate, zonal.certificate, instance.certificate],
      publicKey,
      userData,
      nonce,
    };
    const document = signAttestationDocument(payload, leaf.privateKey);
    if (document.length > MAX_RESPONSE_BYTES) throw new NsmError('NSM_INTERNAL_ERROR');
    return document;
  }

  random(): Uint8Array {
    return Uint8Array.from(randomBytes(RANDOM_BYTES));
  }
}

/** SHA-384(value || data). */
function extend(value: Uint8Array, data: Uint8Array): Uint8Array {
  return Uint8Array.from(createHash('sha384').update(value).update(data).digest());
}

/** Length of the CBOR request {"ExtendPCR": {"index": u8, "data": bstr}} with a two-byte length of the data. */
function extendRequestBytes(index: number, data: Uint8Array): number {
  return 27 + (index < 24 ? 0 : 1) + data.length;
}

/** As the hardware's: 6 bytes of launch time in ms, 2 random bytes. */
function newEnclaveId(launchedAtMs: number): Uint8Array {
  const enclaveId = new Uint8Array(8);
  new DataView(enclaveId.buffer).setBigUint64(0, BigInt(launchedAtMs) << 16n);
  enclaveId.set(randomBytes(2), 6);
  return enclaveId;
}

function instanceIdOf(pki: NsmPki): string {
  return `i-${hash('sha256', pki.rootCertificate, 'hex').slice(0, 17)}`;
}
