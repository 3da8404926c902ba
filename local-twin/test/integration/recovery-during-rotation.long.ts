// A recovery that waits while Wallet Secrets come and go.
import { setTimeout as sleep } from 'node:timers/promises';
import { makeApiKey, makeWalletSecret, type WalletSecret } from '@strongroom/client/credentials';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  addSecret,
  afterChange,
  complete,
  hexOf,
  revokeSecret,
  type SigningProject,
  veto,
} from '../../src/hostile/lab-owner.ts';
import type { LabProject } from '../../src/hostile/lab-project.ts';
import { certifiedSecrets } from '../support/certified-project.ts';
import { openRecoveryLab, type RecoveryLab, waitForRecovery } from '../support/recovery-lab.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
let lab: RecoveryLab['lab'];
let enclave: RecoveryLab['enclave'];
let begin: RecoveryLab['begin'];
let recoveries: RecoveryLab;
/** With a recovery key. */
let mine: LabProject;

beforeAll(async () => {
  recoveries = await openRecoveryLab();
  ({ lab, enclave, begin } = recoveries);
});
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(async () => {
  mine = await recoveries.createProject();
});

const by = <P extends SigningProject>(project: P, { privateKey }: WalletSecret) => ({
  ...project,
  walletSecret: privateKey,
});

describe('a rotation while a recovery waits', () => {
  it('does not end the recovery, which ends the secrets that came meanwhile', async () => {
    const { waiting, id, secret } = await begin(mine);
    const added = makeWalletSecret();
    const rotated = afterChange(waiting, await addSecret(enclave, waiting, added));
    expect(await certifiedSecrets(enclave, rotated)).toHaveLength(2);
    await waitForRecovery();
    await expect(complete(enclave, by(waiting, secret), id)).rejects.toThrow(code('RECORD_OLDER_VERSION'));
    const recovered = afterChange(rotated, await complete(enclave, by(rotated, secret), id));
    expect(await certifiedSecrets(enclave, recovered)).toEqual([hexOf(secret.publicKey)]);
    for (const ended of [mine, by(mine, added)]) {
      const { walletSecret } = ended;
      const attempt = addSecret(enclave, { ...recovered, walletSecret }, makeWalletSecret());
      await expect(attempt).rejects.toThrow(code('WALLET_TOKEN_SIGNATURE'));
    }
    expect(await certifiedSecrets(enclave, by(recovered, secret))).toHaveLength(1);
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
    const [first] = await certifiedSecrets(enclave, waiting);
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
    await waitForRecovery();
    const recovered = afterChange(rotated, await complete(enclave, by(rotated, secret), id));
    expect(await certifiedSecrets(enclave, recovered)).toEqual([hexOf(secret.publicKey)]);
  });
});

describe('a recovery started while a rotation runs', () => {
  it('ends the retiring and the new secret alike', async () => {
    const added = makeWalletSecret();
    const change = await addSecret(enclave, mine, added, { retireOthersAtMs: Date.now() + 60_000 });
    const { waiting, id, secret } = await begin(afterChange(mine, change));
    await waitForRecovery();
    const recovered = afterChange(waiting, await complete(enclave, by(waiting, secret), id));
    expect(await certifiedSecrets(enclave, recovered)).toEqual([hexOf(secret.publicKey)]);
  });

  it('does not take an API key that no path could revoke', async () => {
    for (const keyId of ['../../other', 'a b', 'x'.repeat(65), 'ключ'])
      await expect(begin(mine, { ...makeApiKey(), id: keyId })).rejects.toThrow(code('RECOVERY_REFUSED'));
  });
});
