// A recovery that its key signed, and that is not for this project as it is.
import { proveApiKey } from '@strongroom/client/api-keys';
import { makeApiKey, makeWalletSecret } from '@strongroom/client/credentials';
import { proveWalletSecret } from '@strongroom/client/wallet-secrets';
import { addApiKey } from '@strongroom/shared/operations/add-api-key';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { afterChange, base64Of, complete, start } from '../../src/hostile/lab-owner.ts';
import { type LabProject, signedRequest } from '../../src/hostile/lab-project.ts';
import { certifiedProject } from '../support/certified-project.ts';
import { openRecoveryLab, type RecoveryLab, waitForRecovery } from '../support/recovery-lab.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
let recoveries: RecoveryLab;
let enclave: RecoveryLab['enclave'];
let key: RecoveryLab['key'];
let mine: LabProject;

beforeAll(async () => {
  recoveries = await openRecoveryLab();
  ({ enclave, key } = recoveries);
  mine = await recoveries.createProject();
});
afterAll(() => recoveries.lab[Symbol.asyncDispose]());

const challenge = () => recoveries.challenge(mine.rows);

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

  it('does not put its API key in the place of one that the project was given meanwhile', async () => {
    const [asked, added] = [makeApiKey(), makeApiKey()];
    const { waiting, id, secret } = await recoveries.begin(mine, asked);
    const sameId = { ...added, id: asked.id };
    const body = {
      id: sameId.id,
      algorithm: sameId.algorithm,
      publicKey: base64Of(sameId.publicKey),
      scopes: ['read'],
      allowedIps: [],
      proof: proveApiKey(sameId, mine.rows.projectId),
    };
    const client = signedRequest(waiting, { path: '/v2/enclave/api-keys', body });
    const given = afterChange(waiting, await enclave.call(addApiKey, { client, project: waiting.rows }));
    await waitForRecovery();
    const owned = { rows: given.rows, walletSecret: secret.privateKey };
    const recovered = afterChange(owned, await complete(enclave, owned, id));
    const { apiKeys } = await certifiedProject(enclave, recovered);
    const ofThatId = apiKeys.filter((held) => held.id === asked.id);
    expect(ofThatId.map(({ publicKey }) => base64Of(publicKey))).toEqual([body.publicKey]);
  });
});
