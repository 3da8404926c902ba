// TRUST BOUNDARY: exported keys, certificates and receipts, from the service.
import {
  constants,
  createECDH,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  hash,
  privateDecrypt,
  publicEncrypt,
} from 'node:crypto';
import { promisify } from 'node:util';
import { verifyAccountCertificate } from '@strongroom/attestation/account-certificate';
import { ClientError } from './client-error.ts';
import { type Owner, openOwnerSession } from './owner.ts';
import { connectService } from './service.ts';
import { base64Field, invalidAnswer } from './service-call.ts';
import { type OwnTransfer, verifyOwnReceipt } from './transfer-receipts.ts';
import { type ServiceIdentity, verifyImportKey } from './verify-service.ts';

/** EVM accounts are secp256k1 keys, Solana accounts Ed25519 seeds. */
export type ChainFamily = 'evm' | 'solana';

const KEY_BYTES = 32;
const RSA_BITS = 4096;
const PKCS8_ED25519_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const OAEP = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' } as const;

/** By its spelling. */
export function familyOf(address: string): ChainFamily {
  return address.startsWith('0x') ? 'evm' : 'solana';
}

/**
 * Has the enclave encrypt an account's key to an RSA key that is made here and forgotten here.
 * @param keep takes the private key, 32 bytes, which was checked to be the one of the certified account, before its receipt is looked at:
 *   what is wrong with the receipt loses no key
 * @returns the enclave's receipt, COSE_Sign1
 * @throws AttestationError, ClientError EXPORTED_KEY_INVALID, and after `keep` RECEIPT_MISSING, RECEIPT_INVALID
 */
export async function exportAccountKey(
  owner: Owner,
  address: string,
  keep: (key: Uint8Array) => void,
): Promise<Uint8Array> {
  const session = await openOwnerSession(owner);
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS });
  const recipient = publicKey.export({ format: 'der', type: 'spki' });
  const path = `/v2/${familyOf(address)}/accounts/${encodeURIComponent(address)}/export`;
  const exportEncryptionKey = recipient.toString('base64');
  const { json, headers } = await session.change('POST', path, { exportEncryptionKey });
  const key = decrypt(base64Field(json, 'encryptedPrivateKey'), (bytes) =>
    privateDecrypt({ key: privateKey, ...OAEP }, bytes),
  );
  const account = await checkAccount(owner, session.identity, { address, key });
  keep(key);
  const recipientDigest = hash('sha256', recipient, 'buffer');
  const { identityKey } = session.identity;
  return await verifyOwnReceipt(headers, identityKey, { ...account, transfer: 'export', recipientDigest });
}

/** An account that took a key. */
export interface ImportedAccount {
  /** Certified by the enclave for this very key. */
  readonly address: string;
  /** The enclave's, COSE_Sign1. */
  readonly receipt: Uint8Array;
}

/**
 * Hands a key to the enclave, encrypted to the project's certified import key.
 * @param key 32 bytes
 * @throws AttestationError, ClientError ACCOUNT_MISMATCH, and once the account is there RECEIPT_MISSING, RECEIPT_INVALID
 */
export async function importAccountKey(
  owner: Owner,
  { family, key, name }: { readonly family: ChainFamily; readonly key: Uint8Array; readonly name?: string },
): Promise<ImportedAccount> {
  const session = await openOwnerSession(owner);
  const importKey = createPublicKey({
    key: Buffer.from(await verifyImportKey(connectService(owner.baseUrl), session.identity, owner)),
    format: 'der',
    type: 'spki',
  });
  const { json, headers } = await session.change('POST', `/v2/${family}/accounts/import`, {
    encryptedPrivateKey: publicEncrypt({ key: importKey, ...OAEP }, key).toString('base64'),
    ...(name !== undefined && { name }),
  });
  const { address } = json;
  if (typeof address !== 'string' || familyOf(address) !== family) throw invalidAnswer('address');
  const account = await checkAccount(owner, session.identity, { address, key });
  const receipt = await verifyOwnReceipt(headers, session.identity.identityKey, {
    ...account,
    transfer: 'import',
    recipientDigest: null,
  });
  return { address, receipt };
}

/** Holds a key against the account that the enclave certifies for the address. @throws AttestationError, ClientError ACCOUNT_MISMATCH */
async function checkAccount(
  { baseUrl, credentials, projectId }: Owner,
  { identityKey }: ServiceIdentity,
  { address, key }: { readonly address: string; readonly key: Uint8Array },
): Promise<Pick<OwnTransfer, 'projectId' | 'address' | 'publicKey'>> {
  const certificate = await connectService(baseUrl).accountCertificate(credentials, address);
  const { publicKey } = await verifyAccountCertificate(certificate, identityKey, { projectId, address });
  if (Buffer.compare(publicKey, publicKeyOf(familyOf(address), key)) !== 0)
    throw new ClientError('ACCOUNT_MISMATCH', `The key is not the one of ${address}.`);
  return { projectId, address, publicKey };
}

/** 33 bytes, compressed, or 32 bytes. @throws ClientError EXPORTED_KEY_INVALID when it is no private key */
export function publicKeyOf(family: ChainFamily, key: Uint8Array): Uint8Array {
  try {
    if (family === 'solana') {
      const der = Buffer.concat([PKCS8_ED25519_PREFIX, key]);
      const { x = '' } = createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })).export(
        {
          format: 'jwk',
        },
      );
      return Buffer.from(x, 'base64url');
    }
    const curve = createECDH('secp256k1');
    curve.setPrivateKey(key);
    return curve.getPublicKey(null, 'compressed');
  } catch {
    throw new ClientError('EXPORTED_KEY_INVALID', 'This is no private key of that kind.');
  }
}

function decrypt(encrypted: Uint8Array, open: (bytes: Uint8Array) => Uint8Array): Uint8Array {
  let key: Uint8Array;
  try {
    key = open(encrypted);
  } catch {
    throw new ClientError(
      'EXPORTED_KEY_INVALID',
      'What was exported is not encrypted to the key that was sent.',
    );
  }
  if (key.length !== KEY_BYTES)
    throw new ClientError('EXPORTED_KEY_INVALID', 'What was exported is no key of 32 bytes.');
  return key;
}
