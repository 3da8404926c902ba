import type { Nsm } from '../nsm/nsm.ts';
import { encodeManifest, type Manifest } from './manifest.ts';

/** An attestation document and the manifest that it carries the digest of. */
export interface AttestedManifest {
  readonly attestationDocument: Uint8Array;
  readonly manifest: Uint8Array;
}

/** Has the security module attest a manifest. @throws NsmError */
export function attestManifest(
  nsm: Nsm,
  manifest: Manifest,
  { nonce, publicKey }: { readonly nonce: Uint8Array | null; readonly publicKey: Uint8Array | null },
): AttestedManifest {
  const { bytes, digest } = encodeManifest(manifest);
  return { attestationDocument: nsm.attestation({ userData: digest, nonce, publicKey }), manifest: bytes };
}
