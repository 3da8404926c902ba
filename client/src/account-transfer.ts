// TRUST BOUNDARY: exported keys and certificates, from the service.
import {
  constants,
  createECDH,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  privateDecrypt,
  publicEncrypt,
} from 'node:crypto';
import { promisify } from 'node:util';
import { verifyAccountCertificate } from '@strongroom/attestation/account-certificate';
import { ClientError } from './client-error.ts';
import { type Owner, openOwnerSession } from './owner.ts';
import { connectService } from './service.ts';
import { base64Field, invalidAnswer } from './service-call.ts';
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
 * @returns the private key, 32 bytes, which was checked to be the one of the certified account
 * @throws AttestationError, ClientError EXPORTED_KEY_INVALID
 */
export async function exportAccountKey(owner: Owner, address: string): Promise<Uint8Array> {
  const session = await openOwnerSession(owner);
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: RSA_BITS });
  const exportEncryptionKey = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
  const path = `/v2/${familyOf(address)}/accounts/${encodeURIComponent(address)}/export`;
  const { json } = await session.change('POST', path, { exportEncryptionKey });
  const key = decrypt(base64Field(json, 'encryptedPrivateKey'), (bytes) =>
    privateDecrypt({ key: privateKey, ...OAEP }, bytes),
  );
  await checkAccount(owner, session.identity, { address, key });
  return key;
}

/**
 * Hands a key to the enclave, encrypted to the project's certified import key.
 * @param key 32 bytes
 * @returns the address of the account, which the enclave certified for this very key
 * @throws AttestationError, ClientError ACCOUNT_MISMATCH
 */
export async function importAccountKey(
  owner: Owner,
  { family, key, name }: { readonly family: ChainFamily; readonly key: Uint8Array; readonly name?: string },
): Promise<string> {
  const session = await openOwnerSession(owner);
  const importKey = createPublicKey({
    key: Buffer.from(await verifyImportKey(connectService(owner.baseUrl), session.identity, owner)),
    format: 'der',
    type: 'spki',
  });
  const { json } = await session.change('POST', `/v2/${family}/accounts/import`, {
    encryptedPrivateKey: publicEncrypt({ key: importKey, ...OAEP }, key).toString('base64'),
    ...(name !== undefined && { name }),
  });
  const { address } = json;
  if (typeof address !== 'string' || familyOf(address) !== family) throw invalidAnswer('address');
  await checkAccount(owner, session.identity, { address, key });
  return address;
}

/** Holds a key against the account that the enclave certifies for the address. */
async function checkAccount(
  { baseUrl, credentials, projectId }: Owner,
  { identityKey }: ServiceIdentity,
  { address, key }: { readonly address: string; readonly key: Uint8Array },
): Promise<void> {
  const certificate = await connectService(baseUrl).accountCertificate(credentials, address);
  const { publicKey } = await verifyAccountCertificate(certificate, identityKey, { projectId, address });
  if (Buffer.compare(publicKey, publicKeyOf(familyOf(address), key)) !== 0)
    throw new ClientError('ACCOUNT_MISMATCH', `The key is not the one of ${address}.`);
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
