import { createRequire } from 'node:module';
import type { NsmErrorCode } from '@strongroom/shared/phase';
import {
  type AttestationRequest,
  type Nsm,
  type NsmDescription,
  NsmError,
  type PcrDescription,
} from './nsm.ts';

const PCR_COUNT = 32;
const PCR_BYTES = 48;
const MAX_RANDOM_BYTES = 256;
const MAX_USER_DATA_BYTES = 512;
const MAX_NONCE_BYTES = 512;
const MAX_PUBLIC_KEY_BYTES = 1024;
/** Size of the request buffer of /dev/nsm, less the CBOR around the data of ExtendPCR. */
const MAX_EXTEND_BYTES = 0x1000 - 28;
/** Size of its response buffer (aws-nitro-enclaves-nsm-api, src/driver/mod.rs). */
const MAX_DOCUMENT_BYTES = 0x3000;

/** What we use of aws-nitro-enclaves-nsm-node. Its calls are synchronous and throw an Error with the module's error code as message. */
export interface NsmAddon {
  /** Descriptor of /dev/nsm, or -1, with no reason, when it cannot be opened. */
  open(): number;
  getDescription(fd: number): { moduleId: string; maxPcrs: number; lockedPcrs: number[]; digest: string };
  getPcrDescription(fd: number, index: number): { lock: boolean; data: Uint8Array };
  extendPcr(fd: number, index: number, data: Uint8Array): Uint8Array;
  lockPcr(fd: number, index: number): void;
  lockPcrs(fd: number, range: number): void;
  getAttestationDoc(
    fd: number,
    userData: Uint8Array | null,
    nonce: Uint8Array | null,
    publicKey: Uint8Array | null,
  ): Uint8Array;
  getRandom(fd: number): Uint8Array;
}

/**
 * Opens the Nitro Security Module of this enclave and keeps it open.
 * @throws NsmError NSM_UNAVAILABLE without a device, NSM_INTERNAL_ERROR when it is not of the kind that this code knows
 */
export function openNsmDevice(loadAddon: () => NsmAddon = loadInstalledAddon): Nsm {
  const device = new NsmDevice(openAddon(loadAddon));
  // The descriptor is proved by a call: an open file need not be the module.
  const { maxPcrs, digest } = device.describe();
  if (maxPcrs !== PCR_COUNT || digest !== 'SHA384') throw new NsmError('NSM_INTERNAL_ERROR');
  return device;
}

interface OpenAddon {
  readonly addon: NsmAddon;
  readonly fd: number;
}

function openAddon(loadAddon: () => NsmAddon): OpenAddon {
  try {
    const addon = loadAddon();
    const fd = addon.open();
    if (Number.isInteger(fd) && fd >= 0) return { addon, fd };
  } catch (cause) {
    throw new NsmError('NSM_UNAVAILABLE', { cause });
  }
  throw new NsmError('NSM_UNAVAILABLE');
}

/** Present only where the image installs it: an optional dependency that exists for Linux. */
function loadInstalledAddon(): NsmAddon {
  return createRequire(import.meta.url)('aws-nitro-enclaves-nsm-node') as NsmAddon;
}

class NsmDevice implements Nsm {
  readonly #addon: NsmAddon;
  readonly #fd: number;

  constructor({ addon, fd }: OpenAddon) {
    this.#addon = addon;
    this.#fd = fd;
  }

  describe(): NsmDescription {
    const { moduleId, maxPcrs, lockedPcrs, digest } = ask(() => this.#addon.getDescription(this.#fd));
    // The real module says SHA384, QEMU's sha384.
    if (digest.toUpperCase() !== 'SHA384') throw new NsmError('NSM_INTERNAL_ERROR');
    return { moduleId, maxPcrs, lockedPcrs: lockedPcrs.toSorted((a, b) => a - b), digest: 'SHA384' };
  }

  describePcr(index: number): PcrDescription {
    assertIndex(index);
    const { lock, data } = ask(() => this.#addon.getPcrDescription(this.#fd, index));
    return { locked: lock, value: ownBytes(data, PCR_BYTES, PCR_BYTES) };
  }

  extendPcr(index: number, data: Uint8Array): Uint8Array {
    assertIndex(index);
    if (data.length > MAX_EXTEND_BYTES) throw new NsmError('NSM_INPUT_TOO_LARGE');
    return ownBytes(
      ask(() => this.#addon.extendPcr(this.#fd, index, asBuffer(data))),
      PCR_BYTES,
      PCR_BYTES,
    );
  }

  lockPcr(index: number): void {
    assertIndex(index);
    ask(() => this.#addon.lockPcr(this.#fd, index));
  }

  lockPcrs(range: number): void {
    if (!Number.isInteger(range) || range < 0 || range > PCR_COUNT) throw new NsmError('NSM_INVALID_INDEX');
    ask(() => this.#addon.lockPcrs(this.#fd, range));
  }

  attestation({ userData, nonce, publicKey }: AttestationRequest): Uint8Array {
    const fields = [
      limited(userData, MAX_USER_DATA_BYTES),
      limited(nonce, MAX_NONCE_BYTES),
      limited(publicKey, MAX_PUBLIC_KEY_BYTES),
    ] as const;
    return ownBytes(
      ask(() => this.#addon.getAttestationDoc(this.#fd, ...fields)),
      1,
      MAX_DOCUMENT_BYTES,
    );
  }

  random(): Uint8Array {
    return ownBytes(
      ask(() => this.#addon.getRandom(this.#fd)),
      1,
      MAX_RANDOM_BYTES,
    );
  }
}

const CODES: ReadonlyMap<string, NsmErrorCode> = new Map([
  ['InvalidArgument', 'NSM_INVALID_ARGUMENT'],
  ['InvalidIndex', 'NSM_INVALID_INDEX'],
  ['ReadOnlyIndex', 'NSM_READ_ONLY_INDEX'],
  ['InvalidOperation', 'NSM_INVALID_OPERATION'],
  ['InputTooLarge', 'NSM_INPUT_TOO_LARGE'],
]);

/** Translates the addon's errors; a code that we do not know is an internal error of the module. */
function ask<T>(call: () => T): T {
  try {
    return call();
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : '';
    throw new NsmError(CODES.get(message) ?? 'NSM_INTERNAL_ERROR', { cause });
  }
}

function assertIndex(index: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= PCR_COUNT) throw new NsmError('NSM_INVALID_INDEX');
}

/** The addon takes Buffers alone; this one shares the caller's memory. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function limited(bytes: Uint8Array | null, maxBytes: number): Buffer | null {
  if (bytes === null) return null;
  if (bytes.length > maxBytes) throw new NsmError('NSM_INPUT_TOO_LARGE');
  return asBuffer(bytes);
}

/** Copies the module's answer into unpooled memory and zeroes the addon's, which may hold entropy. */
function ownBytes(answer: Uint8Array, minBytes: number, maxBytes: number): Uint8Array {
  if (!(answer instanceof Uint8Array) || answer.length < minBytes || answer.length > maxBytes) {
    throw new NsmError('NSM_INTERNAL_ERROR');
  }
  const own = Uint8Array.from(answer);
  answer.fill(0);
  return own;
}
