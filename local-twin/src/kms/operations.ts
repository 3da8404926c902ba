import { Buffer } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { decryptBlob, encryptBlob, keyArnOfBlob } from './ciphertext-blob.ts';
import { type ContentForm, encryptForRecipient } from './enveloped-data.ts';
import type { KeyStore, StoredKey } from './key-store.ts';
import { KmsException } from './kms-exception.ts';
import { parsePolicy } from './policy-document.ts';
import { evaluatePolicy } from './policy-evaluation.ts';
import type { RecipientAttestation } from './recipient-attestation.ts';
import { requestContext } from './request-context.ts';
import {
  encryptionContextOf,
  optionalInteger,
  optionalObject,
  optionalText,
  type RequestFields,
  requiredBytes,
  requiredText,
} from './request-fields.ts';
import type { Authentication } from './signature-v4.ts';

const MAX_PLAINTEXT_BYTES = 4096;
const MAX_CIPHERTEXT_BYTES = 6144;
const DATA_KEY_BYTES = { AES_256: 32, AES_128: 16 } as const;
const SYMMETRIC = { EncryptionAlgorithm: 'SYMMETRIC_DEFAULT' } as const;

/** What an operation has to work with; one per request. */
export interface OperationInput {
  readonly fields: RequestFields;
  readonly caller: Authentication;
  readonly keys: KeyStore;
  /** Verified `Recipient`, null when the request has none. */
  readonly recipient: RecipientAttestation | null;
  readonly contentForm: ContentForm;
}

export type Answer = Readonly<Record<string, unknown>>;

/** The operations of KMS that the simulator speaks, and whether each takes a `Recipient`. */
export const OPERATIONS = {
  GenerateDataKey: { takesRecipient: true, run: generateDataKey },
  Decrypt: { takesRecipient: true, run: decrypt },
  GenerateRandom: { takesRecipient: true, run: generateRandom },
  Encrypt: { takesRecipient: false, run: encrypt },
  DescribeKey: { takesRecipient: false, run: describeKey },
  GetKeyPolicy: { takesRecipient: false, run: getKeyPolicy },
  PutKeyPolicy: { takesRecipient: false, run: putKeyPolicy },
  ListGrants: { takesRecipient: false, run: listGrants },
} as const satisfies Readonly<
  Record<string, { takesRecipient: boolean; run: (input: OperationInput) => Answer }>
>;

export type OperationName = keyof typeof OPERATIONS;

function generateDataKey(input: OperationInput): Answer {
  const { fields } = input;
  const key = authorizedKey(input, 'kms:GenerateDataKey');
  const spec = optionalText(fields, 'KeySpec');
  const numberOfBytes = optionalInteger(fields, 'NumberOfBytes', [1, 1024]);
  if ((spec === undefined) === (numberOfBytes === undefined))
    throw validation('Please specify either number of bytes or key spec.');
  if (spec !== undefined && !Object.hasOwn(DATA_KEY_BYTES, spec))
    throw validation(`Value '${spec}' at 'keySpec' is not a key spec.`);
  const plaintext = Uint8Array.from(
    randomBytes(numberOfBytes ?? DATA_KEY_BYTES[spec as keyof typeof DATA_KEY_BYTES]),
  );
  const blob = encryptBlob(key.secret, key.arn, encryptionContextOf(fields), plaintext);
  return { CiphertextBlob: base64(blob), KeyId: key.arn, ...released(plaintext, input) };
}

function decrypt(input: OperationInput): Answer {
  const { fields } = input;
  const blob = requiredBytes(fields, 'CiphertextBlob', MAX_CIPHERTEXT_BYTES);
  const blobKeyArn = keyArnOfBlob(blob);
  if (blobKeyArn === null) throw new KmsException('InvalidCiphertextException', null);
  const named = optionalText(fields, 'KeyId');
  const key = authorizedKey(input, 'kms:Decrypt', named ?? blobKeyArn);
  if (key.arn !== blobKeyArn) {
    throw new KmsException(
      'IncorrectKeyException',
      'The key ID in the request does not identify a CMK that can perform this operation.',
    );
  }
  const plaintext = decryptBlob(key.secret, key.arn, encryptionContextOf(fields), blob);
  return { KeyId: key.arn, ...SYMMETRIC, ...released(plaintext, input) };
}

/** No key takes part, so no key policy is asked. */
function generateRandom(input: OperationInput): Answer {
  const numberOfBytes = optionalInteger(input.fields, 'NumberOfBytes', [1, 1024]);
  if (numberOfBytes === undefined) throw validation('NumberOfBytes is required.');
  return released(Uint8Array.from(randomBytes(numberOfBytes)), input);
}

function encrypt(input: OperationInput): Answer {
  const key = authorizedKey(input, 'kms:Encrypt');
  const plaintext = requiredBytes(input.fields, 'Plaintext', MAX_PLAINTEXT_BYTES);
  const blob = encryptBlob(key.secret, key.arn, encryptionContextOf(input.fields), plaintext);
  return { CiphertextBlob: base64(blob), KeyId: key.arn, ...SYMMETRIC };
}

function describeKey(input: OperationInput): Answer {
  const key = authorizedKey(input, 'kms:DescribeKey');
  return {
    KeyMetadata: {
      AWSAccountId: key.accountId,
      Arn: key.arn,
      CreationDate: key.createdAtMs / 1000,
      CustomerMasterKeySpec: 'SYMMETRIC_DEFAULT',
      Description: '',
      Enabled: true,
      EncryptionAlgorithms: ['SYMMETRIC_DEFAULT'],
      KeyId: key.id,
      KeyManager: 'CUSTOMER',
      KeySpec: 'SYMMETRIC_DEFAULT',
      KeyState: 'Enabled',
      KeyUsage: 'ENCRYPT_DECRYPT',
      MultiRegion: false,
      Origin: 'AWS_KMS',
    },
  };
}

function getKeyPolicy(input: OperationInput): Answer {
  const key = authorizedKey(input, 'kms:GetKeyPolicy');
  return { Policy: key.policy, PolicyName: policyNameOf(input.fields) };
}

/** Refuses, as KMS does, a policy under which the caller could not put the next one, unless told otherwise. */
function putKeyPolicy(input: OperationInput): Answer {
  const { fields, caller, keys } = input;
  const key = authorizedKey(input, 'kms:PutKeyPolicy');
  policyNameOf(fields);
  const policy = requiredText(fields, 'Policy');
  const next = {
    principal: caller.principal,
    action: 'kms:PutKeyPolicy',
    keyArn: key.arn,
    context: requestContext(caller.principal, key, null, {}),
  };
  if (
    fields['BypassPolicyLockoutSafetyCheck'] !== true &&
    evaluatePolicy(parsePolicy(policy), next) !== 'allowed'
  ) {
    throw new KmsException(
      'MalformedPolicyDocumentException',
      'The new key policy will not allow you to update the key policy in the future.',
    );
  }
  keys.setPolicy(key.arn, policy);
  return {};
}

/** The simulator has no CreateGrant, so there are none. */
function listGrants(input: OperationInput): Answer {
  authorizedKey(input, 'kms:ListGrants');
  return { Grants: [], Truncated: false };
}

function policyNameOf(fields: RequestFields): string {
  const name = optionalText(fields, 'PolicyName') ?? 'default';
  if (name !== 'default') throw new KmsException('NotFoundException', `No such policy exists: ${name}`);
  return name;
}

/** Finds the key that the request names, by ARN or by id in the caller's account and Region, and asks its policy. */
function authorizedKey(
  { fields, caller, keys, recipient }: OperationInput,
  action: string,
  keyId = requiredText(fields, 'KeyId'),
): StoredKey {
  const { principal, region } = caller;
  const partition = principal.arn.split(':', 2)[1];
  const arn = keyId.startsWith('arn:')
    ? keyId
    : `arn:${partition}:kms:${region}:${principal.accountId}:key/${keyId}`;
  const key = keys.get(arn);
  if (key?.region !== region) throw new KmsException('NotFoundException', `Key '${arn}' does not exist`);
  const context = requestContext(principal, key, recipient, encryptionContextOf(fields));
  const verdict = evaluatePolicy(key.statements, { principal, action, keyArn: key.arn, context });
  if (verdict === 'allowed') return key;
  const reason =
    verdict === 'explicit-deny'
      ? 'with an explicit deny in a resource-based policy'
      : `because no resource-based policy allows the ${action} action`;
  throw new KmsException(
    'AccessDeniedException',
    `User: ${principal.sessionArn} is not authorized to perform: ${action} on resource: ${key.arn} ${reason}`,
  );
}

/** In the clear to a caller without attestation; otherwise encrypted to the attested key and nothing else. */
function released(plaintext: Uint8Array, { recipient, contentForm }: OperationInput): Answer {
  if (recipient === null) return { Plaintext: base64(plaintext) };
  return { CiphertextForRecipient: base64(encryptForRecipient(recipient.publicKey, plaintext, contentForm)) };
}

/** Fields of `Recipient`, null when there is none. @throws KmsException ValidationException for another algorithm */
export function recipientDocumentOf(fields: RequestFields): Uint8Array | null {
  const recipient = optionalObject(fields, 'Recipient');
  if (recipient === undefined) return null;
  if (requiredText(recipient, 'KeyEncryptionAlgorithm') !== 'RSAES_OAEP_SHA_256') {
    throw validation(
      "Value at 'recipient.keyEncryptionAlgorithm' failed to satisfy constraint: Member must satisfy enum value set: [RSAES_OAEP_SHA_256]",
    );
  }
  return requiredBytes(recipient, 'AttestationDocument', 262_144);
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const validation = (message: string): KmsException => new KmsException('ValidationException', message);
