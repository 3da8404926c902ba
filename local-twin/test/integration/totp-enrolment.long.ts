// Enrolling TOTP: what is taken for a secret, and what is not.
import { randomBytes } from 'node:crypto';
import { encryptTotpSecret, makeTotpSecret, totpCodeAt } from '@strongroom/client/totp-secret';
import { importEvmAccount } from '@strongroom/shared/operations/import-evm-account';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { afterChange } from '../../src/hostile/lab-owner.ts';
import { createLabProject, type LabProject, signedRequest } from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { addTotpTo } from '../support/lab-factors.ts';
import { encryptForImport, makeLabImportKey } from '../support/lab-policy.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const secret = makeTotpSecret();
let lab: Laboratory;
let enclave: LabEnclave;
let project: LabProject;
let importKey: Awaited<ReturnType<typeof makeLabImportKey>>;

beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
});
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(async () => {
  project = await createLabProject(enclave);
  importKey = await makeLabImportKey(enclave, project);
});

const now = (secretKey = secret) => totpCodeAt(secretKey, Date.now());
/** One that no code in the window is. */
function wrongCode(): string {
  const right = [-1, 0, 1].map((offset) => totpCodeAt(secret, Date.now() + offset * 30_000));
  return ['000000', '111111', '222222', '333333'].find((guess) => !right.includes(guess)) as string;
}

describe('enrolling TOTP', () => {
  it('wants a code of the secret, 20 bytes, and no other secret there', async () => {
    await expect(addTotpTo(enclave, project, { secret, code: wrongCode(), importKey })).rejects.toThrow(
      code('SECOND_FACTOR_REFUSED'),
    );
    const long = randomBytes(32);
    await expect(addTotpTo(enclave, project, { secret: long, code: now(long), importKey })).rejects.toThrow(
      code('INVALID_REQUEST'),
    );
    const enrolled = afterChange(
      project,
      await addTotpTo(enclave, project, { secret, code: now(), importKey }),
    );
    const other = makeTotpSecret();
    await expect(
      addTotpTo(enclave, enrolled, { secret: other, code: now(other), importKey }),
    ).rejects.toThrow(code('ALREADY_EXISTS'));
  });

  it('does not take a ciphertext of an import, nor an import one of an enrolment, nor one of another project', async () => {
    const imported = Buffer.from(encryptForImport(importKey.publicKey, secret), 'base64');
    await expect(
      addTotpTo(enclave, project, { secret, code: now(), importKey, encryptedSecret: imported }),
    ).rejects.toThrow(code('INVALID_REQUEST'));
    const walletKey = randomBytes(32);
    const labelled = encryptTotpSecret(walletKey, importKey.publicKey, project.rows.projectId);
    const body = { encryptedPrivateKey: labelled.toString('base64') };
    const client = signedRequest(project, { path: '/v2/evm/accounts/import', body });
    const attempt = { client, project: project.rows, existing: null, importKey: importKey.sealed };
    await expect(enclave.call(importEvmAccount, attempt)).rejects.toThrow(code('INVALID_REQUEST'));
    const foreign = encryptTotpSecret(secret, importKey.publicKey, randomBytes(32));
    await expect(
      addTotpTo(enclave, project, { secret, code: now(), importKey, encryptedSecret: foreign }),
    ).rejects.toThrow(code('INVALID_REQUEST'));
  });
});
