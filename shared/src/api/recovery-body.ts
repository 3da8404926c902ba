import * as v from 'valibot';
import { MAX_STRETCHING } from '../recovery/stretching.ts';
import { walletSecretProof } from './wallet-secret-body.ts';

const base64 = (maxChars: number) =>
  v.pipe(v.string(), v.regex(/^[A-Za-z0-9+/]+={0,2}$/), v.maxLength(maxChars));
const count = (max: number) => v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(max));
const projectId = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const isoTime = v.pipe(v.string(), v.isoTimestamp());
const MAX_WAITING_PERIOD_HOURS = 24 * 365;

/** Body of PUT /v2/enclave/recovery-key. */
export const setRecoveryKeyBody = v.strictObject({
  publicKey: v.pipe(base64(64), v.description('Ed25519, 32 raw bytes, base64.')),
  stretching: v.strictObject({
    memoryKiB: count(MAX_STRETCHING.memoryKiB),
    passes: count(MAX_STRETCHING.passes),
    parallelism: count(MAX_STRETCHING.parallelism),
  }),
  waitingPeriodSeconds: count(MAX_WAITING_PERIOD_HOURS * 3600),
  proof: v.pipe(
    base64(128),
    v.description(
      'Ed25519 signature of the new key over "strongroom/recovery-key-proof/v1" || project id(32) || public key(32), base64.',
    ),
  ),
});

/** The answer to it. */
export const recoveryKeyBody = v.strictObject({
  publicKey: v.string(),
  waitingPeriodSeconds: v.number(),
});

/** Body of POST /v2/enclave/recovery-challenges. */
export const recoveryChallengeBody = v.strictObject({
  projectId,
  nonce: v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{2}){16,64}$/)),
});

/** Body of POST /v2/enclave/recoveries. */
export const startRecoveryBody = v.strictObject({
  projectId,
  recovery: v.pipe(base64(8192), v.description('COSE_Sign1 (EdDSA) of the recovery key, base64.')),
  proof: walletSecretProof,
});

/** A recovery that waits. */
export const recoveryBody = v.strictObject({
  id: v.string(),
  startedAt: isoTime,
  completableAt: isoTime,
});

/** Body of POST /v2/enclave/recoveries/{id}/completion. */
export const completeRecoveryBody = v.strictObject({ projectId });
