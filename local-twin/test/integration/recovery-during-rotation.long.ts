// A recovery that waits while Wallet Secrets come and go.
import { setTimeout as sleep } from 'node:timers/promises';
import { type ApiKey, makeApiKey, makeWalletSecret, type WalletSecret } from '@strongroom/client/credentials';
import type { RecoveryKey } from '@strongroom/client/recovery-key';
import { certifyProject } from '@strongroom/shared/operations/certify-project';
import { getAttestation } from '@strongroom/shared/operations/get-attestation';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  addSecret,
  afterChange,
  challengeOf,
  complete,
  hexOf,
  identityKeyOf,
  recoveryIdOf,
  recoveryKeyOfSeed,
  revokeSecret,
  type SigningProject,
  setKey,
  start,
  veto,
} from '../../src/hostile/lab-owner.ts';
import { createLabProject, type LabProject } from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const WAITING_PERIOD_MS = 2000;
let lab: Laboratory;
let enclave: LabEnclave;
let identityKey: Uint8Array;
let key: RecoveryKey;
/** With a recovery key. */
let mine: LabProject;

beforeAll(async () => {
  lab = await openLaboratory({ limits: { minRecoveryWaitMs: WAITING_PERIOD_MS } });
  enclave = await lab.bootReady();
  const { manifest } = await enclave.call(getAttestation, { nonce: new Uint8Array(32) });
  identityKey = identityKeyOf(manifest);
  key = await recoveryKeyOfSeed(1);
});
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(async () => {
  const project = await createLabProject(enclave);
  mine = afterChange(project, await setKey(enclave, project, key));
});

const wait = () => sleep(WAITING_PERIOD_MS + 100);
const by = <P extends SigningProject>(project: P, { privateKey }: WalletSecret) => ({
  ...project,
  walletSecret: privateKey,
});

async function begin(project: SigningProject, apiKey: ApiKey | null = null) {
  const secret = makeWalletSecret();
  const grant = apiKey && { id: apiKey.id, publicKey: apiKey.publicKey, scopes: ['read'] };
  const challenge = await challengeOf(enclave, project.rows, identityKey);
  const change = await start(enclave, { rows: project.rows, key, challenge, secret, apiKey: grant });
  return { waiting: afterChange(project, change), id: recoveryIdOf(change), secret };
}

async function certifiedSecrets({ rows }: SigningProject): Promise<string[]> {
  const { certificate } = await enclave.call(certifyProject, { project: rows, nonce: new Uint8Array(16) });
  const [, , payload] = decodeCbor(certificate) as unknown as [0, 0, Uint8Array];
  const { walletSecrets } = decodeCbor(payload) as unknown as { walletSecrets: { publicKey: Uint8Array }[] };
  return walletSecrets.map(({ publicKey }) => hexOf(publicKey));
}

describe('a rotation while a recovery waits', () => {
  it('does not end the recovery, which ends the secrets that came meanwhile', async () => {
    const { waiting, id, secret } = await begin(mine);
    const added = makeWalletSecret();
    const rotated = afterChange(waiting, await addSecret(enclave, waiting, added));
    expect(await certifiedSecrets(rotated)).toHaveLength(2);
    await wait();
    await expect(complete(enclave, by(waiting, secret), id)).rejects.toThrow(code('RECORD_OLDER_VERSION'));
    const recovered = afterChange(rotated, await complete(enclave, by(rotated, secret), id));
    expect(await certifiedSecrets(recovered)).toEqual([hexOf(secret.publicKey)]);
    for (const ended of [mine, by(mine, added)]) {
      const { walletSecret } = ended;
      const attempt = addSecret(enclave, { ...recovered, walletSecret }, makeWalletSecret());
      await expect(attempt).rejects.toThrow(code('WALLET_TOKEN_SIGNATURE'));
    }
    expect(await certifiedSecrets(by(recovered, secret))).toHaveLength(1);
  });

  it('leaves the veto to every secret that counts: the new one, and a retiring one until its end', async () => {
    const { waiting, id } = await begin(mine);
    const added = makeWalletSecret();
    const retireOthersAtMs = Date.now() + 1500;
    const rotated = afterChange(waiting, await addSecret(enclave, waiting, added, { retireOthersAtMs }));
    expect((await veto(enclave, rotated, id)).answer.status).toBe(204);
    await sleep(retireOthersAtMs + 100 - Date.now());
    await expect(veto(enclave, rotated, id)).rejects.toThrow(code('WALLET_TOKEN_SIGNATURE'));
    const vetoed = afterChange(rotated, await veto(enclave, by(rotated, added), id));
    await expect(veto(enclave, by(vetoed, added), id)).rejects.toThrow(code('NOT_FOUND'));
  });

  it('takes the veto from a secret that it revoked', async () => {
    const { waiting, id } = await begin(mine);
    const added = makeWalletSecret();
    const [first] = await certifiedSecrets(waiting);
    const rotated = by(afterChange(waiting, await addSecret(enclave, waiting, added)), added);
    const publicKey = Buffer.from(first ?? '', 'hex');
    const alone = afterChange(rotated, await revokeSecret(enclave, rotated, publicKey));
    const revoked = { ...alone, walletSecret: mine.walletSecret };
    await expect(veto(enclave, revoked, id)).rejects.toThrow(code('WALLET_TOKEN_SIGNATURE'));
    expect((await veto(enclave, alone, id)).answer.status).toBe(204);
  });

  it('to the very secret that the recovery is for does not hurry it, and both end the same', async () => {
    const { waiting, id, secret } = await begin(mine);
    const rotated = afterChange(waiting, await addSecret(enclave, waiting, secret));
    await expect(complete(enclave, by(rotated, secret), id)).rejects.toThrow(code('RECOVERY_NOT_DUE'));
    await wait();
    const recovered = afterChange(rotated, await complete(enclave, by(rotated, secret), id));
    expect(await certifiedSecrets(recovered)).toEqual([hexOf(secret.publicKey)]);
  });
});

describe('a recovery started while a rotation runs', () => {
  it('ends the retiring and the new secret alike', async () => {
    const added = makeWalletSecret();
    const change = await addSecret(enclave, mine, added, { retireOthersAtMs: Date.now() + 60_000 });
    const { waiting, id, secret } = await begin(afterChange(mine, change));
    await wait();
    const recovered = afterChange(waiting, await complete(enclave, by(waiting, secret), id));
    expect(await certifiedSecrets(recovered)).toEqual([hexOf(secret.publicKey)]);
  });

  it('does not take an API key that no path could revoke', async () => {
    for (const keyId of ['../../other', 'a b', 'x'.repeat(65), 'ключ'])
      await expect(begin(mine, { ...makeApiKey(), id: keyId })).rejects.toThrow(code('RECOVERY_REFUSED'));
  });
});
