import type { AttestationErrorCode } from '../../src/attestation-error.ts';
import type { Issued } from './chain.ts';
import type { DocumentDefects } from './document.ts';

/** What the verifier is asked, beside the pins, clock and nonce that all cases share. */
export interface PolicyChange {
  readonly evaluateAtMs?: number;
  readonly maxAgeMs?: number;
  readonly nonceHex?: string;
  /** Subject roles whose certificates are denied: their issuer and serial number are put into the index. */
  readonly denied?: string;
}

/** One document: how it is made and what is to become of it. */
export interface VectorCase {
  readonly reason: string;
  /** Null: accepted. */
  readonly code: AttestationErrorCode | null;
  readonly defects?: DocumentDefects;
  /** Made from a document without defects. */
  readonly bytes?: (document: Buffer) => Uint8Array;
  /** Made below a root of its own, which goes into a file beside it. */
  readonly root?: () => Issued;
  readonly policy?: PolicyChange;
}

export type VectorCases = Readonly<Record<string, VectorCase>>;
