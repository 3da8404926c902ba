// A recovery that its key signed, and that is not for this project as it is.
import { makeApiKey, makeWalletSecret } from '@strongroom/client/credentials';
import type { RecoveryKey } from '@strongroom/client/recovery-key';
import { proveWalletSecret } from '@strongroom/client/wallet-secrets';
import { getAttestation } from '@strongroom/shared/operations/get-attestation';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  afterChange,
  base64Of,
  challengeOf,
  identityKeyOf,
  recoveryKeyOfSeed,
  setKey,
  start,
} from '../../src/hostile/lab-owner.ts';
import { createLabProject, type LabProject } from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
let lab: Laboratory;
let enclave: LabEnclave;
let identityKey: Uint8Array;
let key: RecoveryKey;
let mine: LabProject;

beforeAll(async () => {
  lab = await openLaboratory({ limits: { minRecoveryWaitMs: 2000 } });
  enclave = await lab.bootReady();
  const { manifest } = await enclave.call(getAttestation, { nonce: new Uint8Array(32) });
  identityKey = identityKeyOf(manifest);
  key = await recoveryKeyOfSeed(1);
  const project = await createLabProject(enclave);
  mine = afterChange(project, await setKey(enclave, project, key));
});
afterAll(() => lab[Symbol.asyncDispose]());

const challenge = () => challengeOf(enclave, mine.rows, identityKey);

describe('a recovery', () => {
  it.each(['deploymentId', 'projectId', 'recordDigest'])('of another %s is refused', async (field) => {
    const other = { ...(await challenge()), [field]: Buffer.alloc(32, 7) };
    await expect(start(enclave, { rows: mine.rows, key, challenge: other })).rejects.toThrow(
      code('RECOVERY_REFUSED'),
    );
  });

  it('for a Wallet Secret that nobody shows to have is refused', async () => {
    const { rows } = mine;
    const secret = makeWalletSecret();
    const proofs = [
      proveWalletSecret(makeWalletSecret(), rows.projectId),
      proveWalletSecret(secret, Buffer.alloc(32, 7)),
      base64Of(Buffer.alloc(64)),
    ];
    for (const proof of proofs)
      await expect(
        start(enclave, { rows, key, challenge: await challenge(), secret, body: { proof } }),
      ).rejects.toThrow(code('INVALID_REQUEST'));
  });

  it('with an API key of an id that the project has is refused', async () => {
    const apiKey = { id: mine.apiKey.id, publicKey: makeApiKey().publicKey, scopes: ['read'] };
    await expect(
      start(enclave, { rows: mine.rows, key, challenge: await challenge(), apiKey }),
    ).rejects.toThrow(code('RECOVERY_REFUSED'));
  });

  it('that is right in all of it waits', async () => {
    const { answer } = await start(enclave, { rows: mine.rows, key, challenge: await challenge() });
    expect(answer.status).toBe(201);
  });
});
