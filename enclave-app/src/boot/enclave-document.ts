import type { Phase } from '@strongroom/shared/phase';
import { type AttestedManifest, attestManifest } from '../attest/attested-manifest.ts';
import type { DocumentPurpose } from '../attest/manifest.ts';
import type { DeploymentHolder } from './deployment-holder.ts';
import type { LifecycleOptions } from './lifecycle.ts';

interface EnclaveState {
  readonly phase: Phase;
  readonly securityEpoch: number;
  readonly holder: Pick<DeploymentHolder, 'deployment' | 'keyPolicies'>;
}

export interface DocumentRequest {
  readonly purpose: DocumentPurpose;
  /** 16 to 64 bytes that a caller chose; null in a document for KMS. */
  readonly nonce: Uint8Array | null;
  /** Key of one call of KMS as SPKI DER; null in every other document. */
  readonly publicKey: Uint8Array | null;
}

/** Has the module sign what the enclave is at this moment. @throws NsmError */
export function attestEnclave(
  { configuration, nsm }: Pick<LifecycleOptions, 'configuration' | 'nsm'>,
  { phase, securityEpoch, holder }: EnclaveState,
  { purpose, nonce, publicKey }: DocumentRequest,
): AttestedManifest {
  const { deployment, keyPolicies } = holder;
  const manifest = {
    purpose,
    phase,
    deploymentId: deployment?.id ?? null,
    configurationDigest: configuration.digest,
    securityEpoch,
    identityKey: deployment?.identityPublicKey ?? null,
    receiptKey: null,
    root: deployment?.roots.current ?? null,
    kmsPolicies: keyPolicies,
  };
  return attestManifest(nsm, manifest, { nonce, publicKey });
}
