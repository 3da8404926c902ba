import { getAttestation } from '@strongroom/shared/operations/get-attestation';
import { base64Of, jsonAnswer, nonceOf } from '../json.ts';
import type { Answer, OpenRequest } from '../request.ts';
import type { Services } from '../services.ts';

/** An attestation document over the caller's nonce, and the manifest that its `user_data` is the digest of. */
export async function getEnclaveAttestation({ query }: OpenRequest, { enclave }: Services): Promise<Answer> {
  const { attestationDocument, manifest } = await enclave.call(getAttestation, { nonce: nonceOf(query) });
  return jsonAnswer(200, {
    attestationDocument: base64Of(attestationDocument),
    manifest: base64Of(manifest),
  });
}
