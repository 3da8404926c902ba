// Completing a recovery where the project requires a second factor, by whoever lost the passkey too, and by whoever has the words alone.
import { randomBytes } from 'node:crypto';
import { makeRecoveryCodes } from '@strongroom/client/recovery-codes';
import { makeTotpSecret, totpCodeAt } from '@strongroom/client/totp-secret';
import type { SecondFactor } from '@strongroom/shared/api/factor-body';
import { completeRecovery } from '@strongroom/shared/operations/complete-recovery';
import { removePasskey } from '@strongroom/shared/operations/remove-passkey';
import { removeRecoveryKey } from '@strongroom/shared/operations/remove-recovery-key';
import { setRecoveryKey } from '@strongroom/shared/operations/set-recovery-key';
import { startRecovery } from '@strongroom/shared/operations/start-recovery';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  afterChange,
  complete,
  recoveryKeyOfSeed,
  recoveryKeyRequest,
  recoveryStart,
  type SigningProject,
  setKey,
  veto,
} from '../../src/hostile/lab-owner.ts';
import { type LabProject, signedRequest } from '../../src/hostile/lab-project.ts';
import {
  completeWithFactor,
  completionRequest,
  protectProject,
  recoveryCodeFactor,
  rotateWithFactor,
} from '../support/factor-protected-project.ts';
import {
  addTotpTo,
  factorChallengeOf,
  makePasskey,
  removePasskeyRequest,
  requirementsRequest,
  type SoftwarePasskey,
  setRequirements,
  withFactor,
  withPasskey,
} from '../support/lab-factors.ts';
import { makeLabImportKey } from '../support/lab-policy.ts';
import { openRecoveryLab, type RecoveryLab, waitForRecovery } from '../support/recovery-lab.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const codes = makeRecoveryCodes(10);
const secret = makeTotpSecret();
let lab: RecoveryLab['lab'];
let enclave: RecoveryLab['enclave'];
let key: RecoveryLab['key'];
let recoveries: RecoveryLab;
let passkey: SoftwarePasskey;
/** With a recovery key, a passkey and recovery codes; a factor is required for recoveries and rotations. */
let mine: LabProject;
/** The same while a recovery waits, its id, and its new secret. */
let waiting: LabProject;
let id: string;
let anew: SigningProject;

beforeAll(async () => {
  recoveries = await openRecoveryLab();
  ({ lab, enclave, key } = recoveries);
});
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(async () => {
  passkey = makePasskey();
  const owned = { passkey, codes, identityKey: recoveries.identityKey };
  mine = await protectProject(enclave, await recoveries.createProject(), owned);
  await begin(mine);
});

async function begin(project: LabProject): Promise<void> {
  const started = await recoveries.begin(project);
  ({ waiting, id } = started);
  anew = { rows: waiting.rows, walletSecret: started.secret.privateKey };
}

const factorsOf = ({ rows }: SigningProject) => factorChallengeOf(enclave, rows, recoveries.identityKey);
const totp = (): SecondFactor => ({ kind: 'totp', code: totpCodeAt(secret, Date.now() + 30_000) });
const codeOf = (index: number) => recoveryCodeFactor(codes[index]?.code as Uint8Array);

const completeWith = (factor: SecondFactor, by = anew, to = enclave) =>
  completeWithFactor(to, { by, id }, factor);
const rotateWith = (factor: SecondFactor, by: SigningProject) => rotateWithFactor(enclave, by, factor);

describe('a thief of the Wallet Secret', () => {
  it('cannot rotate by way of a recovery key of his own: what rotation requires, the key requires', async () => {
    const vetoed = afterChange(waiting, await veto(enclave, waiting, id));
    const narrowed = withFactor(requirementsRequest(vetoed, ['wallet-secret']), codeOf(0));
    const owner = afterChange(vetoed, await setRequirements(enclave, vetoed, narrowed));
    const own = await recoveryKeyOfSeed(7);
    await expect(setKey(enclave, owner, own)).rejects.toThrow(code('SECOND_FACTOR_REQUIRED'));
    const removal = signedRequest(owner, { method: 'DELETE', path: '/v2/enclave/recovery-key' });
    const call = { client: removal, project: owner.rows };
    await expect(enclave.call(removeRecoveryKey, call)).rejects.toThrow(code('SECOND_FACTOR_REQUIRED'));
    // The owner's words, set before, complete without: that is what the project asked for.
    await begin(owner);
    await waitForRecovery();
    expect((await complete(enclave, anew, id)).answer.status).toBe(200);
  });
});

describe('whoever lost passkey and Wallet Secret', () => {
  it('completes a recovery by a recovery code, which is crossed out, and takes the passkey out by another', async () => {
    await waitForRecovery();
    await expect(complete(enclave, anew, id)).rejects.toThrow(code('SECOND_FACTOR_REQUIRED'));
    const recovered = afterChange(anew, await completeWith(codeOf(0)));
    expect(await factorsOf(recovered)).toMatchObject({
      recoveryCodes: 9,
      requiredFor: ['recovery', 'wallet-secret'],
    });
    await expect(rotateWith(codeOf(0), recovered)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
    const rotated = afterChange(recovered, await rotateWith(codeOf(1), recovered));
    // The last passkey stays while something requires one.
    const removal = withFactor(removePasskeyRequest(rotated, passkey), codeOf(2));
    await expect(enclave.call(removePasskey, { client: removal, project: rotated.rows })).rejects.toThrow(
      code('INVALID_REQUEST'),
    );
    const lifting = withFactor(requirementsRequest(rotated, []), codeOf(2));
    const lifted = afterChange(rotated, await setRequirements(enclave, rotated, lifting));
    const gone = removePasskeyRequest(lifted, passkey);
    await enclave.call(removePasskey, { client: gone, project: lifted.rows });
  });

  it('completes one by the passkey, if it is found again', async () => {
    await waitForRecovery();
    const client = completionRequest(anew, id);
    const confirmed = await withPasskey(client, passkey, await factorsOf(anew));
    const call = { client: confirmed, project: anew.rows };
    expect((await enclave.call(completeRecovery, call)).answer.status).toBe(200);
  });

  it('completes one by TOTP, beside the signature of the secret that the recovery key named', async () => {
    const project = await recoveries.createProject();
    const importKey = await makeLabImportKey(enclave, project);
    const now = totpCodeAt(secret, Date.now());
    const enrolment = { secret, code: now, importKey };
    const enrolled = afterChange(project, await addTotpTo(enclave, project, enrolment));
    const requirements = requirementsRequest(enrolled, ['recovery']);
    await begin(afterChange(enrolled, await setRequirements(enclave, enrolled, requirements)));
    await waitForRecovery();
    const given = totp();
    await expect(completeWith(given, waiting)).rejects.toThrow(code('WALLET_TOKEN_SIGNATURE'));
    const outcomes = await Promise.allSettled(Array.from({ length: 3 }, () => completeWith(given)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(completeWith(given)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
  });

  it('spends no code by asking too early', async () => {
    await expect(completeWith(codeOf(0))).rejects.toThrow(code('RECOVERY_NOT_DUE'));
    await waitForRecovery();
    expect((await completeWith(codeOf(0))).answer.status).toBe(200);
  });

  it('replaces the words by a recovery code as well', async () => {
    const vetoed = afterChange(waiting, await veto(enclave, waiting, id));
    const other = await recoveryKeyOfSeed(2);
    await expect(setKey(enclave, vetoed, other)).rejects.toThrow(code('SECOND_FACTOR_REQUIRED'));
    const client = withFactor(await recoveryKeyRequest(vetoed, other), codeOf(0));
    const replaced = afterChange(
      vetoed,
      await enclave.call(setRecoveryKey, { client, project: vetoed.rows }),
    );
    expect((await factorsOf(replaced)).recoveryCodes).toBe(9);
  });
});

/** A start of somebody else's who knows the words as well. */
async function startAnother(factor: SecondFactor | null, by: SigningProject = waiting) {
  const challenge = await recoveries.challenge(by.rows);
  const client = await recoveryStart({ rows: by.rows, key, challenge });
  const sent = factor === null ? client : withFactor(client, factor);
  return await enclave.call(startRecovery, { client: sent, project: by.rows });
}

describe('whoever has the words alone', () => {
  it('blocks nobody with a recovery that he cannot complete: one with a factor takes its place', async () => {
    await expect(startAnother(null)).rejects.toThrow(code('SECOND_FACTOR_REQUIRED'));
    await expect(startAnother(recoveryCodeFactor(randomBytes(16)))).rejects.toThrow(
      code('SECOND_FACTOR_REFUSED'),
    );
    const replaced = await startAnother(codeOf(0));
    const after = { ...anew, rows: { ...waiting.rows, authority: replaced.authority } };
    expect((await factorsOf(after)).recoveryCodes).toBe(9);
    await waitForRecovery();
    await expect(completeWith(codeOf(1), after)).rejects.toThrow(code('NOT_FOUND'));
    await expect(startAnother(codeOf(0), after)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
    const third = {
      ...after,
      rows: { ...after.rows, authority: (await startAnother(codeOf(1), after)).authority },
    };
    await expect(startAnother(codeOf(2), third)).rejects.toThrow(code('RATE_LIMITED'));
  });

  it('finds the place taken where no factor is required', async () => {
    await begin(await recoveries.createProject());
    await expect(startAnother(codeOf(0))).rejects.toThrow(code('RECOVERY_PENDING'));
  });

  it('guesses five times, whatever kind of code, and is then told to stop', async () => {
    await waitForRecovery();
    const guesses = Array.from({ length: 24 }, (_none, index) =>
      completeWith(index % 2 === 0 ? recoveryCodeFactor(randomBytes(16)) : { kind: 'totp', code: '000000' }),
    );
    const outcomes = await Promise.allSettled(guesses);
    const reasons = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'done'));
    expect(reasons.filter((reason) => reason === 'SECOND_FACTOR_REFUSED')).toHaveLength(5);
    expect(reasons.filter((reason) => reason === 'RATE_LIMITED')).toHaveLength(19);
  });

  it('shares those guesses with a thief of the Wallet Secret, and neither keeps out the owner and his recovery code', async () => {
    for (let count = 0; count < 5; count++)
      await expect(rotateWith(recoveryCodeFactor(randomBytes(16)), waiting)).rejects.toThrow(
        code('SECOND_FACTOR_REFUSED'),
      );
    await waitForRecovery();
    await expect(completeWith(recoveryCodeFactor(randomBytes(16)))).rejects.toThrow(code('RATE_LIMITED'));
    expect((await completeWith(codeOf(0))).answer.status).toBe(200);
  });

  it('cannot use a code again that was used before the recovery or while it waited', async () => {
    const used = afterChange(waiting, await rotateWith(codeOf(3), waiting));
    await waitForRecovery();
    const later = { ...anew, rows: used.rows };
    await expect(completeWith(codeOf(3), later)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
    await expect(completeWith(codeOf(3))).rejects.toThrow(code('RECORD_OLDER_VERSION'));
    await expect(completeWith(codeOf(4), mineWith(anew))).rejects.toThrow(code('RECORD_OLDER_VERSION'));
    expect((await completeWith(codeOf(4), later)).answer.status).toBe(200);
  });

  it('cannot have two uses of one code: made of one record, the second that is presented is a fork', async () => {
    await waitForRecovery();
    const [completed, rotated] = await Promise.all([completeWith(codeOf(5)), rotateWith(codeOf(5), waiting)]);
    expect((await factorsOf(afterChange(anew, completed))).recoveryCodes).toBe(9);
    await expect(factorsOf(afterChange(waiting, rotated))).rejects.toThrow(code('RECORD_FORKED'));
    await expect(completeWith(codeOf(5))).rejects.toThrow(code('RECORD_OLDER_VERSION'));
  });
});

/** The record from before the recovery was started. */
const mineWith = ({ walletSecret }: SigningProject) => ({ rows: mine.rows, walletSecret });

describe('not prevented', () => {
  it('a code is good once on each of two enclaves that the parent gives the same record', async () => {
    await using second = await lab.bootReady();
    await waitForRecovery();
    expect((await completeWith(codeOf(6))).answer.status).toBe(200);
    expect((await completeWith(codeOf(6), anew, second)).answer.status).toBe(200);
    // Both put the same secret in the same place: the one that the recovery key named.
  });
});
