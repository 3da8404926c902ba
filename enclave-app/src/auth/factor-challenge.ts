import { hash } from 'node:crypto';
import type { ClientRequest } from '@strongroom/shared/operations/fields';
import { encodeCbor } from '@strongroom/shared/wire/cbor';
import type { ReadyService } from '../ready-service.ts';
import type { OpenedProject } from '../records/projects.ts';

interface Challenged {
  readonly project: OpenedProject;
  /** The enclave's, 40 bytes: it carries its own expiry. */
  readonly challenge: Uint8Array;
}

/** What a passkey signs as WebAuthn challenge for one operation: SHA-256 over canonical CBOR, 32 bytes; docs/second-factors.md. */
export function operationChallenge(
  { project: { projectId, authority }, challenge }: Challenged,
  { method, path, body }: Pick<ClientRequest, 'method' | 'path' | 'body'>,
  { deployment }: Pick<ReadyService, 'deployment'>,
): Uint8Array {
  return hash(
    'sha256',
    encodeCbor({
      type: 'strongroom/second-factor/v1',
      deploymentId: deployment.id,
      projectId,
      recordDigest: authority.digest,
      challenge,
      method,
      path,
      bodyDigest: hash('sha256', body, 'buffer'),
    }),
    'buffer',
  );
}

/** What a new passkey signs to show that somebody has it. The request that it is in is signed by the Wallet Secret. */
export function enrolmentChallenge(
  { project: { projectId, authority }, challenge }: Challenged,
  { rpId, origins }: { readonly rpId: string; readonly origins: readonly string[] },
  { deployment }: Pick<ReadyService, 'deployment'>,
): Uint8Array {
  return hash(
    'sha256',
    encodeCbor({
      type: 'strongroom/passkey-enrolment/v1',
      deploymentId: deployment.id,
      projectId,
      recordDigest: authority.digest,
      challenge,
      rpId,
      origins: [...origins],
    }),
    'buffer',
  );
}
