import assert from 'node:assert/strict';
import { createPublicKey, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeWalletSecret, type WalletSecret } from '@strongroom/client/credentials';
import { importWalletSecret, type Owner, openOwnerSession } from '@strongroom/client/owner';
import { completeRecovery, recoveryStatus } from '@strongroom/client/recovery';
import { openRecoveryKey, type RecoveryKey } from '@strongroom/client/recovery-key';
import { signRecovery } from '@strongroom/client/recovery-message';
import {
  addWalletSecret,
  listWalletSecrets,
  proveWalletSecret,
  walletSecretId,
} from '@strongroom/client/wallet-secrets';
import { proofMessage } from '@strongroom/shared/auth/proof-of-possession';
import { MIN_STRETCHING } from '@strongroom/shared/recovery/stretching';
import { privateKeyToAddress } from 'viem/accounts';
import type { Scenario } from './crash-matrix.ts';
import { transferReceiptsOf } from './crash-of-export.ts';
import { importKeyOf } from './import-key.ts';
import { encryptForImport } from './lab-policy.ts';
import { createTestProject, type TestProject } from './project.ts';
import type { RecoveryWebhook } from './recovery-webhook.ts';
import { sign } from './rotation-round.ts';
import { sendSigned } from './signed-request.ts';
import type { TestSystem } from './test-system.ts';

const EVM = '/v2/evm/accounts';

interface NewAccountTrial {
  readonly project: TestProject;
  readonly path: string;
  readonly body: () => Promise<object>;
  readonly address: string | null;
}

/** A create or an import: whoever was told signs, and what shows signs; the same request again has the same outcome, or is still claimed. */
function accountScenario(prepare: () => Promise<NewAccountTrial>): Scenario<NewAccountTrial, string> {
  const ask = async ({ project, path, body }: NewAccountTrial) =>
    await sendSigned(project, 'POST', path, { body: await body(), key: 'the-key' });
  return {
    prepare,
    async act(trial) {
      const { status, text } = await ask(trial);
      assert.equal(status, 201, text);
      return JSON.parse(text).address;
    },
    async check(trial, told) {
      const { project, address, path } = trial;
      const { status, text } = await sendSigned(project, 'GET', EVM);
      assert.equal(status, 200, text);
      const shown: string[] = JSON.parse(text).accounts.map(
        (account: { address: string }) => account.address,
      );
      assert(shown.length <= 1);
      if (told !== null) assert.deepEqual(shown, [told]);
      if (address !== null && shown.length > 0) assert.deepEqual(shown, [address]);
      const receipted = (await transferReceiptsOf(project)).map((receipt) => receipt.address);
      assert.deepEqual(receipted, path.endsWith('/import') ? shown : []);
      for (const each of shown) assert.equal(await sign(project, each as `0x${string}`), null);
      const again = await ask(trial);
      if (again.status === 201 && shown.length > 0) assert.equal(JSON.parse(again.text).address, shown[0]);
      else if (again.status !== 201) assert.equal(again.status, 409, again.text);
    },
  };
}

export function createScenario(system: TestSystem): Scenario<NewAccountTrial, string> {
  return accountScenario(async () => ({
    project: await createTestProject(system),
    path: EVM,
    body: async () => ({ name: 'the-name' }),
    address: null,
  }));
}

/** The first import of a project, which makes its import key as well. */
export function importScenario(system: TestSystem): Scenario<NewAccountTrial, string> {
  return accountScenario(async () => {
    const project = await createTestProject(system);
    const key = randomBytes(32);
    let body: object | null = null;
    return {
      project,
      path: `${EVM}/import`,
      body: async () =>
        (body ??= {
          name: 'the-name',
          encryptedPrivateKey: encryptForImport(createPublicKey(await importKeyOf(project)), key),
        }),
      address: privateKeyToAddress(`0x${key.toString('hex')}`),
    };
  });
}

interface OwnerTrial {
  readonly project: TestProject;
  readonly owner: Owner;
  readonly added: WalletSecret;
}

async function ownerTrial(system: TestSystem): Promise<OwnerTrial> {
  const project = await createTestProject(system);
  const owner: Owner = {
    baseUrl: system.baseUrl,
    pins: { images: [system.measurements], customRoot: system.rootCertificate },
    projectId: project.projectId,
    credentials: project,
    walletSecret: importWalletSecret(project.walletSecret),
  };
  return { project, owner, added: makeWalletSecret() };
}

const withSecret = (project: TestProject, { privateKey }: WalletSecret): TestProject => ({
  ...project,
  walletKey: privateKey,
});

async function statusOfCreate(project: TestProject): Promise<number> {
  return (await sendSigned(project, 'POST', EVM, { body: {} })).status;
}

/** A new Wallet Secret: it counts if and only if the enclave certifies it, and the old one goes on. */
export function walletSecretScenario(system: TestSystem): Scenario<OwnerTrial, true> {
  return {
    prepare: () => ownerTrial(system),
    async act({ owner, added }) {
      await addWalletSecret(owner, added, null);
      return true;
    },
    async check({ project, owner, added }, told) {
      const listed = await listWalletSecrets(owner);
      const isThere = listed.some(({ id }) => id === walletSecretId(added.publicKey));
      if (told === true) assert(isThere, 'the new Wallet Secret is listed');
      assert.equal(await statusOfCreate(project), 201);
      assert.equal(await statusOfCreate(withSecret(project, added)), isThere ? 201 : 401);
      if (!isThere) await addWalletSecret(owner, added, null);
      assert.equal(await statusOfCreate(withSecret(project, added)), 201);
    },
  };
}

interface RecoveryTrial extends OwnerTrial {
  readonly key: RecoveryKey;
}

/** A project with a recovery key as a passphrase would give it, without the second that stretching takes. */
async function recoverable(system: TestSystem): Promise<RecoveryTrial> {
  const trial = await ownerTrial(system);
  const { projectId } = trial.project;
  const key = await openRecoveryKey(crypto.getRandomValues(new Uint8Array(32)));
  const session = await openOwnerSession(trial.owner);
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
  await session.change('PUT', '/v2/enclave/recovery-key', {
    publicKey: base64(key.publicKey),
    stretching: MIN_STRETCHING,
    waitingPeriodSeconds: 1,
    proof: base64(await key.sign(proofMessage('recovery-key', projectId, key.publicKey))),
  });
  return { ...trial, key };
}

async function startRecovery({ project, owner, added, key }: RecoveryTrial): Promise<void> {
  const grant = { walletSecret: added.publicKey, apiKey: null };
  const recovery = await signRecovery(key, await recoveryStatus(owner), grant);
  const body = {
    projectId: Buffer.from(project.projectId).toString('hex'),
    recovery: Buffer.from(recovery).toString('base64'),
    proof: proveWalletSecret(added, project.projectId),
  };
  const answer = await fetch(`${project.baseUrl}/v2/enclave/recoveries`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 201, await answer.text());
}

/** Goes on with a recovery from wherever it is until it is complete. */
async function finishRecovery(trial: RecoveryTrial): Promise<void> {
  if ((await recoveryStatus(trial.owner)).pending === null) await startRecovery(trial);
  await sleep(1100);
  await completeRecovery(trial.owner, trial.added);
}

async function assertRecovered({ project, added }: RecoveryTrial): Promise<void> {
  assert.equal(await statusOfCreate(withSecret(project, added)), 201);
  assert.equal(await statusOfCreate(project), 401);
}

/** A recovery that waits is told of, whoever was killed; one that does not is not. */
async function assertWebhookIsTold(
  webhook: RecoveryWebhook,
  { project }: RecoveryTrial,
  pending: { readonly id: Uint8Array } | null,
): Promise<void> {
  const told = await webhook.toldOf(project.projectId, pending === null ? 0 : 1);
  const expected = pending === null ? [] : [`recovery-started ${Buffer.from(pending.id).toString('hex')}`];
  assert.deepEqual([...new Set(told.map((event) => `${event.event} ${event.recoveryId}`))], expected);
}

export function startRecoveryScenario(
  system: TestSystem,
  webhook: RecoveryWebhook | null,
): Scenario<RecoveryTrial, true> {
  return {
    prepare: () => recoverable(system),
    async act(trial) {
      await startRecovery(trial);
      return true;
    },
    async check(trial, told) {
      const { pending } = await recoveryStatus(trial.owner);
      if (told === true) assert(pending !== null, 'the recovery waits');
      if (webhook !== null) await assertWebhookIsTold(webhook, trial, pending);
      assert.equal(await statusOfCreate(trial.project), 201);
      await finishRecovery(trial);
      await assertRecovered(trial);
    },
  };
}

export function completeRecoveryScenario(system: TestSystem): Scenario<RecoveryTrial, true> {
  return {
    async prepare() {
      const trial = await recoverable(system);
      await startRecovery(trial);
      await sleep(1100);
      return trial;
    },
    async act({ owner, added }) {
      await completeRecovery(owner, added);
      return true;
    },
    async check(trial, told) {
      const isDone = (await statusOfCreate(withSecret(trial.project, trial.added))) === 201;
      if (told === true) assert(isDone, 'the new Wallet Secret counts');
      assert.equal(await statusOfCreate(trial.project), isDone ? 401 : 201);
      if (!isDone) await finishRecovery(trial);
      await assertRecovered(trial);
    },
  };
}
