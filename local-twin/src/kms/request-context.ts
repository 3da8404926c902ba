import { Buffer } from 'node:buffer';
import type { EncryptionContext } from './ciphertext-blob.ts';
import type { StoredKey } from './key-store.ts';
import type { RequestContext } from './policy-conditions.ts';
import type { Principal } from './principal.ts';
import type { RecipientAttestation } from './recipient-attestation.ts';

/**
 * Condition keys of a request. The attestation's exist only when it was verified; `kms:ViaService` is absent, as no service calls.
 * Sources: https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html and conditions-nitro-enclave.html
 */
export function requestContext(
  principal: Principal,
  key: StoredKey,
  recipient: RecipientAttestation | null,
  encryptionContext: EncryptionContext,
): RequestContext {
  const context = new Map<string, readonly string[]>([
    ['aws:principalarn', [principal.arn]],
    ['aws:principalaccount', [principal.accountId]],
    ['aws:securetransport', ['true']],
    ['kms:calleraccount', [principal.accountId]],
    ['kms:keyspec', ['SYMMETRIC_DEFAULT']],
    ['kms:keyusage', ['ENCRYPT_DECRYPT']],
    ['kms:keyorigin', ['AWS_KMS']],
    ['kms:multiregion', ['false']],
    ['aws:resourceaccount', [key.accountId]],
  ]);
  const names = Object.keys(encryptionContext);
  if (names.length > 0) context.set('kms:encryptioncontextkeys', names);
  for (const name of names)
    context.set(`kms:encryptioncontext:${name.toLowerCase()}`, [encryptionContext[name] ?? '']);
  for (const [index, value] of recipient?.pcrs ?? []) {
    const hex = Buffer.from(value).toString('hex');
    context.set(`kms:recipientattestation:pcr${index}`, [hex]);
    if (index === 0) context.set('kms:recipientattestation:imagesha384', [hex]);
  }
  return context;
}
