import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
  timingSafeEqual,
  verify,
} from 'node:crypto';
import secp256k1 from 'secp256k1/bindings.js';

/** CPU microseconds of each primitive, and of all that one signed request needs, one after the other. */
export interface PrimitivesCost {
  readonly totalUs: number;
  readonly ed25519VerifyUs: number;
  readonly p256VerifyUs: number;
  /** Opening one sealed blob; a request opens two: the account's record and the wallet key. */
  readonly unsealUs: number;
  readonly secp256k1SignUs: number;
}

/** As long as the signed part of the SDK's tokens for these requests. */
const BEARER_INPUT_BYTES = 440;
const WALLET_INPUT_BYTES = 420;
const RECORD_BYTES = 400;
const ASSOCIATED_DATA_BYTES = 260;
const SINGLE_USE_IV = new Uint8Array(12);

/**
 * What a signed request cannot do without, each in the fastest form that Node has (keys as KeyObjects, signatures as DER): Ed25519
 * verification of the bearer token, P-256 verification of the wallet token, two blobs opened as the sealing format has it
 * (HKDF-SHA-256 to key and commitment, AES-256-GCM), one signature by libsecp256k1.
 */
export function createPrimitives(): (repetitions: number) => PrimitivesCost {
  const verifyBearer = bearerVerification();
  const verifyWallet = walletVerification();
  const ikm = createSecretKey(randomBytes(64));
  const openRecord = blobOpening(ikm, RECORD_BYTES);
  const openKey = blobOpening(ikm, 32);
  const secretKey = randomBytes(32);
  const digest = randomBytes(32);
  const signDigest = () => void secp256k1.ecdsaSign(digest, secretKey);
  const all = () => {
    verifyBearer();
    verifyWallet();
    openRecord();
    openKey();
    signDigest();
  };
  return (repetitions) => ({
    totalUs: costUs(all, repetitions),
    ed25519VerifyUs: costUs(verifyBearer, repetitions),
    p256VerifyUs: costUs(verifyWallet, repetitions),
    unsealUs: costUs(openRecord, repetitions),
    secp256k1SignUs: costUs(signDigest, repetitions),
  });
}

function costUs(act: () => void, repetitions: number): number {
  const before = process.cpuUsage();
  for (let i = 0; i < repetitions; i++) act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / repetitions;
}

function bearerVerification(): () => void {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const input = randomBytes(BEARER_INPUT_BYTES);
  const signature = sign(null, input, privateKey);
  return () => expectTrue(verify(null, input, publicKey, signature));
}

function walletVerification(): () => void {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const input = randomBytes(WALLET_INPUT_BYTES);
  const signature = sign('sha256', input, privateKey);
  return () => expectTrue(verify('sha256', input, publicKey, signature));
}

function blobOpening(ikm: KeyObject, length: number): () => void {
  const salt = randomBytes(32);
  const associatedData = randomBytes(ASSOCIATED_DATA_BYTES);
  const { key, commitment } = deriveKeys(ikm, salt);
  const cipher = createCipheriv('aes-256-gcm', key, SINGLE_USE_IV).setAAD(associatedData);
  const ciphertext = Buffer.concat([cipher.update(randomBytes(length)), cipher.final()]);
  const tag = cipher.getAuthTag();
  return () => {
    const derived = deriveKeys(ikm, salt);
    expectTrue(timingSafeEqual(derived.commitment, commitment));
    const decipher = createDecipheriv('aes-256-gcm', derived.key, SINGLE_USE_IV)
      .setAAD(associatedData)
      .setAuthTag(tag);
    decipher.update(ciphertext);
    decipher.final();
  };
}

function deriveKeys(ikm: KeyObject, salt: Uint8Array): { key: KeyObject; commitment: Uint8Array } {
  const derived = new Uint8Array(hkdfSync('sha256', ikm, salt, 'strongroom/wallet/v1', 64));
  return { key: createSecretKey(derived.subarray(0, 32)), commitment: derived.subarray(32) };
}

function expectTrue(isTrue: boolean): void {
  if (!isTrue) throw new Error('a primitive does not verify what it made');
}
