// Runs in browsers and in Node.
import type { FactorChallenge } from '@strongroom/attestation/factor-challenge';
import type { SecondFactor } from '@strongroom/shared/api/factor-body';
import { encodePortableCbor } from './portable-cbor.ts';

/** The request that a factor is for, as it is sent. */
export interface FactorTarget {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  /** The body's exact bytes; empty for none. */
  readonly body: Uint8Array;
}

type ChallengeParts = Pick<FactorChallenge, 'deploymentId' | 'projectId' | 'recordDigest' | 'challenge'>;

/** What a passkey has to sign for one request: the WebAuthn challenge, 32 bytes; docs/second-factors.md. */
export async function operationChallenge(
  { deploymentId, projectId, recordDigest, challenge }: ChallengeParts,
  { method, path, body }: FactorTarget,
): Promise<Uint8Array> {
  const bodyDigest = await sha256(Uint8Array.from(body));
  const type = 'strongroom/second-factor/v1';
  return await sha256(
    encodePortableCbor({ type, deploymentId, projectId, recordDigest, challenge, method, path, bodyDigest }),
  );
}

/** What a new passkey has to sign to be enrolled, 32 bytes. */
export async function enrolmentChallenge(
  { deploymentId, projectId, recordDigest, challenge }: ChallengeParts,
  { rpId, origins }: { readonly rpId: string; readonly origins: readonly string[] },
): Promise<Uint8Array> {
  const type = 'strongroom/passkey-enrolment/v1';
  return await sha256(
    encodePortableCbor({ type, deploymentId, projectId, recordDigest, challenge, rpId, origins }),
  );
}

/** The header `X-Second-Factor`: base64url of JSON. All that a factor says is ASCII. */
export function encodeSecondFactor(factor: SecondFactor): string {
  return btoa(JSON.stringify(factor)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}
