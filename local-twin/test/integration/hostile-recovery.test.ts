// Recovery against a parent that would start, hurry or revive one, and against whoever guesses.
import { type ApiKey, makeApiKey, makeWalletSecret } from '@strongroom/client/credentials';
import { completeRecovery } from '@strongroom/shared/operations/complete-recovery';
import { startRecovery } from '@strongroom/shared/operations/start-recovery';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  addSecret,
  afterChange,
  complete,
  hexOf,
  recoveryIdOf,
  recoveryKeyOfSeed,
  recoveryStart,
  type SigningProject,
  setKey,
  start,
  veto,
} from '../../src/hostile/lab-owner.ts';
import {
  createLabAccount,
  createLabProject,
  type LabAccount,
  type LabProject,
  signedRequest,
} from '../../src/hostile/lab-project.ts';
import { certifiedProject } from '../support/certified-project.ts';
import { signHashBy } from '../support/lab-signing.ts';
import {
  openRecoveryLab,
  RECOVERY_WAIT_MS,
  type RecoveryLab,
  waitForRecovery,
} from '../support/recovery-lab.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
let lab: RecoveryLab['lab'];
let enclave: RecoveryLab['enclave'];
let key: RecoveryLab['key'];
let recoveries: RecoveryLab;
/** With a recovery key. */
let mine: LabProject;
let account: LabAccount;

beforeAll(async () => {
  recoveries = await openRecoveryLab();
  ({ lab, enclave, key } = recoveries);
});
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(async () => {
  mine = await recoveries.createProject();
  account = await createLabAccount(enclave, mine);
});

const challenge = (rows = mine.rows, from = enclave) => recoveries.challenge(rows, from);
const begin = (project = mine, apiKey: ApiKey | null = null) => recoveries.begin(project, apiKey);
const sign = async (project: SigningProject, to = enclave) => (await signHashBy(to, project, account)).status;

describe('a recovery', () => {
  it('waits, is completed by its new secret, and ends all others', async () => {
    const apiKey = makeApiKey();
    const { waiting, id, secret } = await begin(mine, apiKey);
    expect(await sign(waiting)).toBe(200);
    const mineAnew = { rows: waiting.rows, walletSecret: secret.privateKey };
    await expect(sign(mineAnew)).rejects.toThrow(code('WALLET_TOKEN_SIGNATURE'));
    const { pending } = await challenge(waiting.rows);
    expect(pending).toMatchObject({ withApiKey: true });
    expect(pending!.completableAtMs - pending!.startedAtMs).toBe(RECOVERY_WAIT_MS);
    await waitForRecovery();
    const recovered = afterChange(mineAnew, await complete(enclave, mineAnew, id));
    expect(await sign(recovered)).toBe(200);
    await expect(sign({ ...recovered, walletSecret: mine.walletSecret })).rejects.toThrow(
      code('WALLET_TOKEN_SIGNATURE'),
    );
    const { walletSecrets, apiKeys } = await certifiedProject(enclave, recovered);
    expect(walletSecrets.map(({ publicKey }) => hexOf(publicKey))).toEqual([hexOf(secret.publicKey)]);
    expect(apiKeys.map((apiKeyOf) => apiKeyOf.id)).toEqual([mine.apiKey.id, apiKey.id]);
    expect((await challenge(recovered.rows)).pending).toBeNull();
  });

  it('can be vetoed, and is then gone', async () => {
    const { waiting, id, secret } = await begin();
    const vetoed = afterChange(waiting, await veto(enclave, waiting, id));
    await waitForRecovery();
    const impatient = { rows: vetoed.rows, walletSecret: secret.privateKey };
    await expect(complete(enclave, impatient, id)).rejects.toThrow(code('NOT_FOUND'));
    expect(await sign(vetoed)).toBe(200);
  });

  it('ends with its key when the passphrase is replaced', async () => {
    const { waiting, id, secret } = await begin();
    const other = await recoveryKeyOfSeed(2);
    const replaced = afterChange(waiting, await setKey(enclave, waiting, other));
    const impatient = { rows: replaced.rows, walletSecret: secret.privateKey };
    await expect(complete(enclave, impatient, id)).rejects.toThrow(code('NOT_FOUND'));
    await expect(
      start(enclave, { rows: replaced.rows, key, challenge: await challenge(replaced.rows) }),
    ).rejects.toThrow(code('RECOVERY_REFUSED'));
  });

  it('is the only one, and one of three a day', async () => {
    let { waiting, id } = await begin();
    await expect(begin(waiting)).rejects.toThrow(code('RECOVERY_PENDING'));
    for (let count = 1; count < 3; count++) {
      ({ waiting, id } = await begin(afterChange(waiting, await veto(enclave, waiting, id))));
    }
    const vetoed = afterChange(waiting, await veto(enclave, waiting, id));
    await expect(begin(vetoed)).rejects.toThrow(code('RATE_LIMITED'));
    // Nor does a new passphrase give three more to whoever took that one too.
    const replaced = afterChange(vetoed, await setKey(enclave, vetoed, key));
    await expect(begin(replaced)).rejects.toThrow(code('RATE_LIMITED'));
  });

  it('of a project without a passphrase is not to be had', async () => {
    const { rows } = await createLabProject(enclave);
    await expect(challenge(rows)).rejects.toThrow(code('NOT_FOUND'));
    await expect(start(enclave, { rows, key, challenge: await challenge() })).rejects.toThrow(
      code('NOT_FOUND'),
    );
  });
});

describe('a parent', () => {
  it('cannot start one itself', async () => {
    const own = await recoveryKeyOfSeed(9);
    await expect(start(enclave, { rows: mine.rows, key: own, challenge: await challenge() })).rejects.toThrow(
      code('RECOVERY_REFUSED'),
    );
  });

  it('cannot put its own secret into one, nor a bit', async () => {
    const client = await recoveryStart({ rows: mine.rows, key, challenge: await challenge() });
    const body = JSON.parse(Buffer.from(client.body).toString());
    const recovery = Buffer.from(body.recovery, 'base64');
    for (let at = 0; at < recovery.length; at += 37) {
      const flipped = Buffer.from(recovery);
      flipped[at] = (flipped[at] as number) ^ 1;
      const altered = Buffer.from(JSON.stringify({ ...body, recovery: flipped.toString('base64') }));
      const call = { client: { ...client, body: altered }, project: mine.rows };
      await expect(enclave.call(startRecovery, call)).rejects.toThrow(/RECOVERY_REFUSED|RATE_LIMITED/);
    }
  });

  it('cannot start one of another project with the same passphrase', async () => {
    const theirs = await createLabProject(enclave);
    const rows = afterChange(theirs, await setKey(enclave, theirs, key)).rows;
    const client = await recoveryStart({ rows: mine.rows, key, challenge: await challenge() });
    await expect(enclave.call(startRecovery, { client, project: rows })).rejects.toThrow(
      code('RECOVERY_REFUSED'),
    );
  });

  it('cannot use one again: not at once, not after a veto, not in parallel', async () => {
    const client = await recoveryStart({ rows: mine.rows, key, challenge: await challenge() });
    const change = await enclave.call(startRecovery, { client, project: mine.rows });
    const waiting = afterChange(mine, change);
    const again = (project: SigningProject) => enclave.call(startRecovery, { client, project: project.rows });
    await expect(again(waiting)).rejects.toThrow(code('RECOVERY_REFUSED'));
    const vetoed = afterChange(waiting, await veto(enclave, waiting, recoveryIdOf(change)));
    await expect(again(vetoed)).rejects.toThrow(code('RECOVERY_REFUSED'));
    expect(await sign(vetoed)).toBe(200);
    await expect(again(mine)).rejects.toThrow(code('RECORD_OLDER_VERSION'));
  });

  it('cannot have two of one record: the second that is presented is a fork', async () => {
    const [one, other] = [await begin(), await begin()];
    expect(await sign(one.waiting)).toBe(200);
    await expect(sign(other.waiting)).rejects.toThrow(code('RECORD_FORKED'));
  });

  it('cannot use a challenge of an older record, of another enclave or of its own making', async () => {
    const old = await challenge();
    const changed = afterChange(mine, await addSecret(enclave, mine, makeWalletSecret()));
    await expect(start(enclave, { rows: changed.rows, key, challenge: old })).rejects.toThrow(
      code('RECOVERY_REFUSED'),
    );
    await using second = await lab.bootReady();
    const foreign = await challenge(changed.rows, second);
    await expect(start(enclave, { rows: changed.rows, key, challenge: foreign })).rejects.toThrow(
      code('RECOVERY_REFUSED'),
    );
    for (const fill of [0, 0xff]) {
      const invented = { ...foreign, challenge: new Uint8Array(40).fill(fill) };
      await expect(start(enclave, { rows: changed.rows, key, challenge: invented })).rejects.toThrow(
        code('RECOVERY_REFUSED'),
      );
    }
  });

  it('cannot complete one early, or without the new secret', async () => {
    const { waiting, id, secret } = await begin();
    const early = { rows: waiting.rows, walletSecret: secret.privateKey };
    await expect(complete(enclave, early, id)).rejects.toThrow(code('RECOVERY_NOT_DUE'));
    await waitForRecovery();
    await expect(complete(enclave, waiting, id)).rejects.toThrow(code('WALLET_TOKEN_SIGNATURE'));
    const path = `/v2/enclave/recoveries/${id}/completion`;
    const body = { projectId: hexOf(waiting.rows.projectId) };
    const client = { ...signedRequest(early, { path, body }), walletToken: null };
    await expect(enclave.call(completeRecovery, { client, project: waiting.rows })).rejects.toThrow(
      code('WALLET_TOKEN_MISSING'),
    );
    await complete(enclave, early, id);
  });

  it('cannot revive a vetoed one by rolling the record back', async () => {
    const { waiting, id, secret } = await begin();
    const vetoed = afterChange(waiting, await veto(enclave, waiting, id));
    expect(await sign(vetoed)).toBe(200);
    await waitForRecovery();
    const early = { rows: waiting.rows, walletSecret: secret.privateKey };
    await expect(complete(enclave, early, id)).rejects.toThrow(code('RECORD_OLDER_VERSION'));
  });

  it('cannot bring a replaced passphrase back', async () => {
    const other = await recoveryKeyOfSeed(2);
    const replaced = afterChange(mine, await setKey(enclave, mine, other));
    expect(await sign(replaced)).toBe(200);
    await expect(challenge()).rejects.toThrow(code('RECORD_OLDER_VERSION'));
  });

  it('cannot set, veto or shorten anything without a Wallet Secret', async () => {
    const forger = { ...mine, walletSecret: makeWalletSecret().privateKey };
    await expect(setKey(enclave, forger, key)).rejects.toThrow(code('WALLET_TOKEN_SIGNATURE'));
    const { waiting, id, secret } = await begin();
    const thief = { ...waiting, walletSecret: secret.privateKey };
    await expect(veto(enclave, thief, id)).rejects.toThrow(code('WALLET_TOKEN_SIGNATURE'));
    await expect(setKey(enclave, thief, key)).rejects.toThrow(code('WALLET_TOKEN_SIGNATURE'));
  });
});

describe('not prevented', () => {
  it('a vetoed recovery is completed on an enclave that never saw the veto', async () => {
    const { waiting, id, secret } = await begin();
    const vetoed = afterChange(waiting, await veto(enclave, waiting, id));
    expect(await sign(vetoed)).toBe(200);
    await using restarted = await lab.bootReady();
    await waitForRecovery();
    const early = { rows: waiting.rows, walletSecret: secret.privateKey };
    expect((await complete(restarted, early, id)).answer.status).toBe(200);
    // Only together with the passphrase: the parent has no key to start one with.
  });
});
