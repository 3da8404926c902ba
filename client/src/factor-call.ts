import { type FactorChallenge, verifyFactorChallenge } from '@strongroom/attestation/factor-challenge';
import type { SecondFactor } from '@strongroom/shared/api/factor-body';
import { ClientError } from './client-error.ts';
import { freshNonce } from './nonce.ts';
import { encodeSecondFactor, operationChallenge } from './second-factor.ts';
import { base64Field, type Call, type Caller, type Reply, sentBody } from './service-call.ts';
import type { ServiceIdentity } from './verify-service.ts';

/** What an owner is asked when an operation requires a second factor. */
export interface FactorQuestion {
  readonly method: string;
  readonly path: string;
  /** Verified: which factors there are, and the enclave's nonce that goes back with an assertion. */
  readonly challenge: FactorChallenge;
  /** What a passkey has to sign for this request, 32 bytes. */
  readonly webauthnChallenge: Uint8Array;
}

export type SecondFactorSource = (question: FactorQuestion) => Promise<SecondFactor>;

export interface FactorParties {
  readonly projectId: Uint8Array;
  readonly identity: ServiceIdentity;
  readonly secondFactor: SecondFactorSource | undefined;
}

/** Asks for a challenge and verifies it. @throws AttestationError, ClientError */
export async function askFactorChallenge(
  { call }: Caller,
  { projectId, identity }: Pick<FactorParties, 'projectId' | 'identity'>,
): Promise<FactorChallenge> {
  const nonce = freshNonce();
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  const { json } = await call({
    method: 'POST',
    path: '/v2/enclave/factor-challenges',
    body: { projectId: hex(projectId), nonce: hex(nonce) },
  });
  return await verifyFactorChallenge(base64Field(json, 'certificate'), identity.identityKey, {
    projectId,
    nonce,
  });
}

/**
 * Calls, and calls once more with a second factor when the enclave requires one.
 * @throws AttestationError, ClientError SECOND_FACTOR_REQUIRED when there is nobody to ask for one
 */
export async function callWithFactor(caller: Caller, call: Call, parties: FactorParties): Promise<Reply> {
  const { secondFactor } = parties;
  try {
    return await caller.call(call);
  } catch (error) {
    const isAsked = error instanceof ClientError && error.code === 'SECOND_FACTOR_REQUIRED';
    if (!isAsked || secondFactor === undefined) throw error;
    const challenge = await askFactorChallenge(caller, parties);
    const { method } = call;
    const path = new URL(`${caller.root}${call.path}`).pathname;
    const body = Buffer.from(sentBody(call.body));
    const webauthnChallenge = await operationChallenge(challenge, { method, path, body });
    const factor = await secondFactor({ method, path, challenge, webauthnChallenge });
    return await caller.call({ ...call, secondFactor: encodeSecondFactor(factor) });
  }
}
