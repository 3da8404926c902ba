// The essence of hostile-codes.long.ts with one project, for an import key takes its time.
import { makeWalletSecret } from '@strongroom/client/credentials';
import { makeRecoveryCodes, recoveryCodeDigest } from '@strongroom/client/recovery-codes';
import { makeTotpSecret, totpCodeAt } from '@strongroom/client/totp-secret';
import type { SecondFactor } from '@strongroom/shared/api/factor-body';
import { addWalletSecret } from '@strongroom/shared/operations/add-wallet-secret';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { afterChange, newSecretBody } from '../../src/hostile/lab-owner.ts';
import { createLabProject, type LabProject, signedRequest } from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import {
  addTotpTo,
  requirementsRequest,
  setCodes,
  setRequirements,
  withFactor,
} from '../support/lab-factors.ts';
import { makeLabImportKey } from '../support/lab-policy.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const secret = makeTotpSecret();
const [recoveryCode] = makeRecoveryCodes(1);
let lab: Laboratory;
let enclave: LabEnclave;
let mine: LabProject;

beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
  mine = await createLabProject(enclave);
  const importKey = await makeLabImportKey(enclave, mine);
  const now = totpCodeAt(secret, Date.now());
  mine = afterChange(mine, await addTotpTo(enclave, mine, { secret, code: now, importKey }));
  const digest = recoveryCodeDigest(mine.rows.projectId, recoveryCode!.code);
  mine = afterChange(mine, await setCodes(enclave, mine, [digest]));
  const requirements = requirementsRequest(mine, ['wallet-secret']);
  mine = afterChange(mine, await setRequirements(enclave, mine, requirements));
});
afterAll(() => lab[Symbol.asyncDispose]());

function rotate(factor: SecondFactor) {
  const body = newSecretBody(makeWalletSecret(), mine.rows.projectId);
  const client = signedRequest(mine, { path: '/v2/enclave/wallet-secrets', body });
  return enclave.call(addWalletSecret, { client: withFactor(client, factor), project: mine.rows });
}

it('a code of TOTP opens one operation, however many ask at once', async () => {
  const given: SecondFactor = { kind: 'totp', code: totpCodeAt(secret, Date.now() + 30_000) };
  const outcomes = await Promise.allSettled([rotate(given), rotate(given), rotate(given)]);
  expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

it('a recovery code opens one', async () => {
  const given: SecondFactor = {
    kind: 'recovery-code',
    code: Buffer.from(recoveryCode!.code).toString('base64url'),
  };
  mine = afterChange(mine, await rotate(given));
  await expect(rotate(given)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
});

it('guesses end in a refusal of everything, the right code too', async () => {
  const codes = Array.from({ length: 32 }, (_, guess) => String(guess).padStart(6, '0'));
  const outcomes = await Promise.allSettled(codes.map((guess) => rotate({ kind: 'totp', code: guess })));
  const limited = outcomes.filter(
    ({ status, ...o }) =>
      status === 'rejected' && (o as { reason: { code: string } }).reason.code === 'RATE_LIMITED',
  );
  expect(limited.length).toBeGreaterThan(26);
  const right: SecondFactor = { kind: 'totp', code: totpCodeAt(secret, Date.now() + 30_000) };
  await expect(rotate(right)).rejects.toThrow(code('RATE_LIMITED'));
});
