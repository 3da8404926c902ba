import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

const makeKeyPair = promisify(generateKeyPair);

/** An RSA-2048 key that exists for one KMS call, and the `Recipient` parameter that names it. */
export interface Recipient {
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKeySpki: Uint8Array;
  readonly parameter: {
    readonly KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256';
    readonly AttestationDocument: Uint8Array;
  };
}

/**
 * Makes a fresh key and has it attested. The document leaves the enclave only inside its own TLS session with KMS.
 * Source: https://docs.aws.amazon.com/kms/latest/developerguide/services-nitro-enclaves.html
 */
export async function makeRecipient(attest: (publicKeySpki: Uint8Array) => Uint8Array): Promise<Recipient> {
  const { publicKey, privateKey } = await makeKeyPair('rsa', { modulusLength: 2048, publicExponent: 65_537 });
  const publicKeySpki = publicKey.export({ format: 'der', type: 'spki' });
  return {
    privateKey,
    publicKeySpki,
    parameter: { KeyEncryptionAlgorithm: 'RSAES_OAEP_SHA_256', AttestationDocument: attest(publicKeySpki) },
  };
}
