import { hash } from 'node:crypto';
import type { Phase } from '@strongroom/shared/phase';
import { encodeCbor } from '@strongroom/shared/wire/cbor';

/** What an attestation document is for; a document of one purpose is worth nothing for another. */
export type DocumentPurpose = 'client' | 'kms' | 'status' | 'emulation';

/** A KMS key whose policy was found to be the template. */
export interface CheckedKeyPolicy {
  readonly keyArn: string;
  readonly digest: Uint8Array;
  readonly pcrs: readonly {
    readonly pcr0: Uint8Array;
    readonly pcr1: Uint8Array;
    readonly pcr2: Uint8Array;
  }[];
  readonly checkedAtMs: number;
}

/** What the enclave says of itself under its attestation: the SHA-256 of this map's strict CBOR is the document's user_data. */
export interface Manifest {
  readonly purpose: DocumentPurpose;
  readonly phase: Phase;
  readonly deploymentId: Uint8Array | null;
  readonly configurationDigest: Uint8Array;
  readonly securityEpoch: number;
  readonly identityKey: Uint8Array | null;
  /** Signs receipts; null while this image makes none. */
  readonly receiptKey: Uint8Array | null;
  readonly root: { readonly id: Uint8Array; readonly generation: number } | null;
  readonly kmsPolicies: readonly CheckedKeyPolicy[];
}

/** Encodes a manifest and digests it: `bytes` go beside the document, `digest` (32 bytes) into it. */
export function encodeManifest(manifest: Manifest): {
  readonly bytes: Uint8Array;
  readonly digest: Uint8Array;
} {
  const bytes = encodeCbor({
    v: 1,
    ...manifest,
    kmsPolicies: manifest.kmsPolicies.map((policy) => ({ ...policy, pcrs: [...policy.pcrs] })),
  });
  return { bytes, digest: hash('sha256', bytes, 'buffer') };
}
