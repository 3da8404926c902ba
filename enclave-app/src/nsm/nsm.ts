import type { NsmErrorCode } from '@strongroom/shared/phase';

/** Description of the Nitro Security Module (`DescribeNSM`). */
export interface NsmDescription {
  readonly moduleId: string;
  /** Number of PCRs, 32 on today's hardware. */
  readonly maxPcrs: number;
  /** Indexes of the locked PCRs, ascending. */
  readonly lockedPcrs: readonly number[];
  readonly digest: 'SHA384';
}

/** One PCR (`DescribePCR`). */
export interface PcrDescription {
  readonly locked: boolean;
  /** 48 bytes. */
  readonly value: Uint8Array;
}

/** What an attestation document is to carry besides the measurements; null leaves the field null. */
export interface AttestationRequest {
  /** At most 512 bytes. */
  readonly userData: Uint8Array | null;
  /** At most 512 bytes. */
  readonly nonce: Uint8Array | null;
  /** At most 1024 bytes. */
  readonly publicKey: Uint8Array | null;
}

/**
 * The Nitro Security Module: seven calls of aws-nitro-enclaves-nsm-api.
 * Synchronous because the device answers an ioctl within a millisecond. Every method throws `NsmError`.
 */
export interface Nsm {
  describe(): NsmDescription;
  describePcr(index: number): PcrDescription;
  /** Extends an unlocked PCR and returns its new value: SHA-384(old || data), 48 bytes. */
  extendPcr(index: number, data: Uint8Array): Uint8Array;
  lockPcr(index: number): void;
  /** Locks PCRs 0 to `range` - 1. */
  lockPcrs(range: number): void;
  /** Returns a COSE_Sign1 attestation document, at most 12 KiB. */
  attestation(request: AttestationRequest): Uint8Array;
  /** Returns 1 to 256 bytes of the module's entropy. */
  random(): Uint8Array;
}

/** A refusal of the module, or its absence. */
export class NsmError extends Error {
  readonly code: NsmErrorCode;
  constructor(code: NsmErrorCode, options?: ErrorOptions) {
    super(code, options);
    this.name = 'NsmError';
    this.code = code;
  }
}
