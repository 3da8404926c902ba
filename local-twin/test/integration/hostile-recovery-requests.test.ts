// A recovery that its key signed, and that is not for this project as it is.
import { setTimeout as sleep } from 'node:timers/promises';
import { proveApiKey } from '@strongroom/client/api-keys';
import { makeApiKey, makeWalletSecret } from '@strongroom/client/credentials';
import type { RecoveryKey } from '@strongroom/client/recovery-key';
import { proveWalletSecret } from '@strongroom/client/wallet-secrets';
import { addApiKey } from '@strongroom/shared/operations/add-api-key';
import { certifyProject } from '@strongroom/shared/operations/certify-project';
import { getAttestation } from '@strongroom/shared/operations/get-attestation';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  afterChange,
  base64Of,
  challengeOf,
  complete,
  identityKeyOf,
  recoveryIdOf,
  recoveryKeyOfSeed,
  setKey,
  start,
} from '../../src/hostile/lab-owner.ts';
import { createLabProject, type LabProject, signedRequest } from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const WAITING_PERIOD_MS = 1000;
let lab: Laboratory;
let enclave: LabEnclave;
let identityKey: Uint8Array;
let key: RecoveryKey;
let mine: LabProject;

beforeAll(async () => {
  lab = await openLaboratory({ limits: { minRecoveryWaitMs: WAITING_PERIOD_MS } });
  enclave = await lab.bootReady();
  const { manifest } = await enclave.call(getAttestation, { nonce: new Uint8Array(32) });
  identityKey = identityKeyOf(manifest);
  key = await recoveryKeyOfSeed(1);
  const project = await createLabProject(enclave);
  mine = afterChange(
    project,
    await setKey(enclave, project, key, { waitingPeriodSeconds: WAITING_PERIOD_MS / 1000 }),
  );
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

  it('does not put its API key in the place of one that the project was given meanwhile', async () => {
    const [asked, added] = [makeApiKey(), makeApiKey()];
    const apiKey = { id: asked.id, publicKey: asked.publicKey, scopes: ['read', 'sign'] };
    const secret = makeWalletSecret();
    const attempt = { rows: mine.rows, key, challenge: await challenge(), secret, apiKey };
    const started = await start(enclave, attempt);
    const waiting = afterChange(mine, started);
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
    await sleep(WAITING_PERIOD_MS + 50);
    const owned = { rows: given.rows, walletSecret: secret.privateKey };
    const { rows } = afterChange(owned, await complete(enclave, owned, recoveryIdOf(started)));
    const { certificate } = await enclave.call(certifyProject, { project: rows, nonce: new Uint8Array(16) });
    const [, , payload] = decodeCbor(certificate) as unknown as [0, 0, Uint8Array];
    const { apiKeys } = decodeCbor(payload) as unknown as {
      apiKeys: { id: string; publicKey: Uint8Array }[];
    };
    const ofThatId = apiKeys.filter(({ id }) => id === asked.id);
    expect(ofThatId.map(({ publicKey }) => base64Of(publicKey))).toEqual([body.publicKey]);
  });
});
