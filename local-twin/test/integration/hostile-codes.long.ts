// TOTP and recovery codes against a parent, and against whoever guesses.
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeBearerToken } from '@strongroom/client/bearer-token';
import { makeWalletSecret } from '@strongroom/client/credentials';
import { makeRecoveryCodes, parseRecoveryCode, recoveryCodeDigest } from '@strongroom/client/recovery-codes';
import { makeTotpSecret, totpCodeAt } from '@strongroom/client/totp-secret';
import type { SecondFactor } from '@strongroom/shared/api/factor-body';
import { addWalletSecret } from '@strongroom/shared/operations/add-wallet-secret';
import { createPolicy } from '@strongroom/shared/operations/create-policy';
import { getAttestation } from '@strongroom/shared/operations/get-attestation';
import { setRecoveryCodes } from '@strongroom/shared/operations/set-recovery-codes';
import { updateEvmAccount } from '@strongroom/shared/operations/update-evm-account';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { afterChange, base64Of, identityKeyOf, newSecretBody } from '../../src/hostile/lab-owner.ts';
import {
  createLabAccount,
  createLabProject,
  LAB_AUTHORITY,
  type LabProject,
  signedRequest,
} from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import {
  addTotpTo,
  factorChallengeOf,
  requirementsRequest,
  setCodes,
  setRequirements,
  withFactor,
} from '../support/lab-factors.ts';
import { makeLabImportKey } from '../support/lab-policy.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const PURPOSES = ['wallet-secret', 'policy'];
const STEP_MS = 30_000;
let lab: Laboratory;
let enclave: LabEnclave;
let identityKey: Uint8Array;
let importKey: Awaited<ReturnType<typeof makeLabImportKey>>;
/** With TOTP and recovery codes, required for PURPOSES. */
let mine: LabProject;
let secret: Uint8Array;
const codes = makeRecoveryCodes(10);

beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
  const { manifest } = await enclave.call(getAttestation, { nonce: new Uint8Array(32) });
  identityKey = identityKeyOf(manifest);
});
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(async () => {
  secret = makeTotpSecret();
  mine = await protect(await createLabProject(enclave));
});

const now = (secretKey = secret) => totpCodeAt(secretKey, Date.now());
/** Of the next step, which is in the window as well: the code of now was used to enrol. */
const next = (secretKey = secret) => totpCodeAt(secretKey, Date.now() + STEP_MS);

async function protect(project: LabProject): Promise<LabProject> {
  importKey = await makeLabImportKey(enclave, project);
  const withTotp = afterChange(
    project,
    await addTotpTo(enclave, project, { secret, code: now(), importKey }),
  );
  const digests = codes.map((recoveryCode) => recoveryCodeDigest(project.rows.projectId, recoveryCode.code));
  const withCodes = afterChange(withTotp, await setCodes(enclave, withTotp, digests));
  return afterChange(
    withCodes,
    await setRequirements(enclave, withCodes, requirementsRequest(withCodes, PURPOSES)),
  );
}

function rotate(factor: SecondFactor | null, project = mine, to = enclave) {
  const body = newSecretBody(makeWalletSecret(), project.rows.projectId);
  const client = signedRequest(project, { path: '/v2/enclave/wallet-secrets', body });
  const sent = factor === null ? client : withFactor(client, factor);
  return to.call(addWalletSecret, { client: sent, project: project.rows });
}
const totp = (given: string): SecondFactor => ({ kind: 'totp', code: given });
const recoveryCode = (given: Uint8Array): SecondFactor => ({
  kind: 'recovery-code',
  code: Buffer.from(given).toString('base64url'),
});
/** One that no code in the window is. */
function wrongCode(): string {
  const right = [-1, 0, 1].map((offset) => totpCodeAt(secret, Date.now() + offset * STEP_MS));
  return ['000000', '111111', '222222', '333333'].find((guess) => !right.includes(guess)) as string;
}

describe('a code', () => {
  it('is demanded, opens the operation once, and the secret is not in what the parent gets to see', async () => {
    expect(await factorChallengeOf(enclave, mine.rows, identityKey)).toMatchObject({
      hasTotp: true,
      recoveryCodes: 10,
      requiredFor: PURPOSES,
    });
    await expect(rotate(null)).rejects.toThrow(code('SECOND_FACTOR_REQUIRED'));
    const given = totp(next());
    const change = await rotate(given);
    await expect(rotate(given, afterChange(mine, change))).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
  });

  it('used before is refused even with the record from before it was used', async () => {
    const given = next();
    await rotate(totp(given));
    await expect(rotate(totp(given), mine)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
  });

  it('of the same step cannot be used twice in parallel', async () => {
    const given = totp(next());
    const outcomes = await Promise.allSettled([rotate(given), rotate(given), rotate(given), rotate(given)]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('counts for nothing without a Wallet Secret: an API key that may change policies is not enough', async () => {
    const project = await protect(
      await createLabProject(enclave, { policyAuthority: 'api-key', scopes: ['policies#manage'] }),
    );
    const body = { scope: 'account', rules: [{ action: 'reject', operation: 'signEvmHash' }] };
    const client = signedRequest(project, { path: '/v2/policy-engine/policies', body });
    const url = new URL(`http://${LAB_AUTHORITY}${client.path}`);
    const { id: apiKeyId, secret: apiKeySecret } = project.apiKey;
    const attempt = (factor: SecondFactor) => {
      const bearerToken = makeBearerToken({ apiKeyId, apiKeySecret }, 'POST', url);
      const sent = { ...withFactor(client, factor), bearerToken, walletToken: null };
      return enclave.call(createPolicy, { client: sent, project: project.rows });
    };
    await expect(attempt(totp(next()))).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
    await expect(attempt(recoveryCode(codes[0]!.code))).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
    const forger = { ...project, walletSecret: makeWalletSecret().privateKey };
    await expect(rotate(totp(next()), forger)).rejects.toThrow(code('WALLET_TOKEN_SIGNATURE'));
    expect((await rotate(totp(next()), project)).answer.status).toBe(201);
  });
});

describe('guessing', () => {
  it('at full speed and in parallel ends after five, for the right code too, and spares other projects', async () => {
    const guesses = Array.from({ length: 64 }, () => rotate(totp(wrongCode())));
    const outcomes = await Promise.allSettled(guesses);
    const reasons = outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason.code : 'done'));
    expect(reasons.filter((reason) => reason === 'SECOND_FACTOR_REFUSED')).toHaveLength(5);
    expect(reasons.filter((reason) => reason === 'RATE_LIMITED')).toHaveLength(59);
    await expect(rotate(totp(next()))).rejects.toThrow(code('RATE_LIMITED'));
    const owner = afterChange(mine, await rotate(recoveryCode(codes[1]!.code)));
    await expect(rotate(totp(next()), owner)).rejects.toThrow(code('RATE_LIMITED'));
    const other = await protect(await createLabProject(enclave));
    expect((await rotate(totp(next()), other)).answer.status).toBe(201);
  });

  it('wrong recovery codes counts the same, and keeps out nobody who has a right one', async () => {
    for (let count = 0; count < 5; count++)
      await expect(rotate(recoveryCode(randomBytes(16)))).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
    await expect(rotate(recoveryCode(randomBytes(16)))).rejects.toThrow(code('RATE_LIMITED'));
    await expect(rotate(totp(next()))).rejects.toThrow(code('RATE_LIMITED'));
    expect((await rotate(recoveryCode(codes[1]!.code))).answer.status).toBe(201);
  });
});

describe('a recovery code', () => {
  it('is good once, and gone from the record', async () => {
    const typed = parseRecoveryCode(codes[3]!.shown.toLowerCase().replaceAll('-', ' '));
    expect(typed).toEqual(Uint8Array.from(codes[3]!.code));
    const used = afterChange(mine, await rotate(recoveryCode(typed!)));
    expect((await factorChallengeOf(enclave, used.rows, identityKey)).recoveryCodes).toBe(9);
    await expect(rotate(recoveryCode(typed!), used)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
    await expect(rotate(recoveryCode(typed!), mine)).rejects.toThrow(code('RECORD_OLDER_VERSION'));
  });

  it('is refused where nothing would remember that it was used', async () => {
    const account = await createLabAccount(enclave, mine);
    const path = `/v2/evm/accounts/${account.address}`;
    const detach = (factor: SecondFactor) => {
      const client = withFactor(
        signedRequest(mine, { method: 'PUT', path, body: { accountPolicy: '' } }),
        factor,
      );
      return enclave.call(updateEvmAccount, { client, project: mine.rows, account: account.rows.account });
    };
    await expect(detach(recoveryCode(codes[4]!.code))).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
    const given = totp(next());
    expect((await detach(given)).answer.status).toBe(200);
    await expect(detach(given)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
  });

  it('of another project is none', async () => {
    const other = await protect(await createLabProject(enclave));
    const foreign = recoveryCodeDigest(mine.rows.projectId, codes[5]!.code);
    const renewed = withFactor(
      signedRequest(other, {
        method: 'PUT',
        path: '/v2/enclave/factors/recovery-codes',
        body: { digests: [base64Of(foreign)] },
      }),
      totp(next()),
    );
    const changed = afterChange(
      other,
      await enclave.call(setRecoveryCodes, { client: renewed, project: other.rows }),
    );
    await expect(rotate(recoveryCode(codes[5]!.code), changed)).rejects.toThrow(
      code('SECOND_FACTOR_REFUSED'),
    );
  });
});

describe('not prevented', () => {
  it('a code is good once on each of two enclaves, beside a Wallet Secret, when the parent gives both the same record', async () => {
    await using second = await lab.bootReady();
    await sleep(1100);
    const given = totp(next());
    expect((await rotate(given)).answer.status).toBe(201);
    expect((await rotate(given, mine, second)).answer.status).toBe(201);
    await expect(rotate(given, mine, second)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
  });

  it('guesses are counted by each enclave alone: five at once on each', async () => {
    await using second = await lab.bootReady();
    await sleep(1100);
    for (const to of [enclave, second]) {
      const outcomes = await Promise.allSettled(
        Array.from({ length: 8 }, () => rotate(totp(wrongCode()), mine, to)),
      );
      const refused = outcomes.filter(
        (o) => o.status === 'rejected' && o.reason.code === 'SECOND_FACTOR_REFUSED',
      );
      expect(refused).toHaveLength(5);
    }
  });
});
