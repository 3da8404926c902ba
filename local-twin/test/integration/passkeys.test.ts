// What a passkey opens where a project requires one, and how one is enrolled and removed.
import { generateKeyPairSync } from 'node:crypto';
import { exportEvmAccount } from '@strongroom/shared/operations/export-evm-account';
import type { ClientRequest } from '@strongroom/shared/operations/fields';
import { updateEvmAccount } from '@strongroom/shared/operations/update-evm-account';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { afterChange } from '../../src/hostile/lab-owner.ts';
import {
  createLabAccount,
  createLabProject,
  type LabAccount,
  type LabProject,
  signedRequest,
} from '../../src/hostile/lab-project.ts';
import {
  addPasskeyTo,
  makePasskey,
  passkeyRequest,
  removePasskeyFrom,
  removePasskeyRequest,
  requirementsRequest,
  type SoftwarePasskey,
  setRequirements,
  withPasskey,
} from '../support/lab-factors.ts';
import { fullySignedRequest } from '../support/lab-policy.ts';
import {
  addSecretBy,
  createPolicyBy,
  EVERYTHING,
  newPolicyRequest,
  newSecretRequest,
  openPasskeyLab,
  type PasskeyLab,
} from '../support/passkey-lab.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const RECIPIENT = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
let passkeys: PasskeyLab;
let lab: PasskeyLab['lab'];
let enclave: PasskeyLab['enclave'];
let passkey: SoftwarePasskey;
let bare: LabProject;
/** With a passkey that everything requires. */
let mine: LabProject;

beforeAll(async () => {
  passkeys = await openPasskeyLab();
  ({ lab, enclave } = passkeys);
});
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(async () => {
  passkey = makePasskey();
  ({ bare, mine } = await passkeys.createProject(passkey));
});

const challenge = (project = mine, from = enclave) => passkeys.challenge(project, from);
const add = (client: ClientRequest, project = mine) => addSecretBy(enclave, client, project);
const create = (client: ClientRequest) => createPolicyBy(enclave, client, mine);

let account: LabAccount;
let isGiven = false;
const mayBeSecond = async (client: ClientRequest) =>
  isGiven ? await withPasskey(client, passkey, await challenge()) : client;
const fewer = () => requirementsRequest(mine, []);
const another = async () => passkeyRequest(mine, makePasskey(), await challenge());
const detachRequest = () =>
  signedRequest(mine, {
    method: 'PUT',
    path: `/v2/evm/accounts/${account.address}`,
    body: { accountPolicy: '' },
  });
const detach = (client: ClientRequest) =>
  enclave.call(updateEvmAccount, { client, project: mine.rows, account: account.rows.account });
const exportRequest = () => {
  const exportEncryptionKey = RECIPIENT.export({ format: 'der', type: 'spki' }).toString('base64');
  const path = `/v2/evm/accounts/${account.address}/export`;
  return fullySignedRequest(mine, { path, body: { exportEncryptionKey } });
};
const exportKey = (client: ClientRequest) =>
  enclave.call(exportEvmAccount, {
    client,
    project: mine.rows,
    address: account.address,
    rows: account.rows,
  });

describe('a passkey', () => {
  it('is certified with what it is required for', async () => {
    expect(await challenge()).toMatchObject({
      webauthn: { rpId: 'localhost', origins: ['http://localhost:8787'] },
      passkeys: [{ name: 'laptop', credentialId: Uint8Array.from(passkey.credentialId) }],
      requiredFor: EVERYTHING,
      hasTotp: false,
      recoveryCodes: 0,
    });
    await expect(challenge(bare)).rejects.toThrow(code('RECORD_OLDER_VERSION'));
  });

  it.each([
    ['a rotation', async () => add(await mayBeSecond(newSecretRequest(mine)))],
    ['a policy', async () => create(await mayBeSecond(newPolicyRequest(mine)))],
    ['an export', async () => exportKey(await mayBeSecond(exportRequest()))],
    ['an attached policy', async () => detach(await mayBeSecond(detachRequest()))],
    ['fewer requirements', async () => setRequirements(enclave, mine, await mayBeSecond(fewer()))],
    ['another passkey', async () => addPasskeyTo(enclave, mine, await mayBeSecond(await another()))],
  ] as const)('is demanded for %s, and opens it', async (_name, attempt) => {
    account = await createLabAccount(enclave, mine);
    isGiven = false;
    await expect(attempt()).rejects.toThrow(code('SECOND_FACTOR_REQUIRED'));
    isGiven = true;
    const answered = await attempt();
    expect('answer' in answered ? answered.answer.status : answered.status).toBeLessThan(300);
  });

  it('stays while something requires one, and is removed by itself when nothing does', async () => {
    const removal = await withPasskey(removePasskeyRequest(mine, passkey), passkey, await challenge());
    await expect(removePasskeyFrom(enclave, mine, removal)).rejects.toThrow(code('INVALID_REQUEST'));
    const free = afterChange(
      mine,
      await setRequirements(enclave, mine, await withPasskey(fewer(), passkey, await challenge())),
    );
    const removed = afterChange(
      free,
      await removePasskeyFrom(enclave, free, removePasskeyRequest(free, passkey)),
    );
    expect(await challenge(removed)).toMatchObject({ passkeys: [], webauthn: null });
    await expect(passkeys.require(removed, ['export'])).rejects.toThrow(code('INVALID_REQUEST'));
  });

  it('is not enrolled without its own signature, for another origin, twice, or over a spent challenge', async () => {
    const project = await createLabProject(enclave);
    const key = makePasskey();
    const refused = async (changes: Parameters<typeof passkeyRequest>[3], expected: string) => {
      const client = await passkeyRequest(project, key, await challenge(project), changes);
      await expect(addPasskeyTo(enclave, project, client)).rejects.toThrow(code(expected));
    };
    await refused(
      { body: { publicKey: makePasskey().publicKey.toString('base64') } },
      'SECOND_FACTOR_REFUSED',
    );
    await refused({ body: { origins: ['https://localhost.example.org'] } }, 'INVALID_REQUEST');
    await refused({ body: { origins: ['http://localhost:1'] } }, 'SECOND_FACTOR_REFUSED');
    await refused({ body: { rpId: 'local' } }, 'INVALID_REQUEST');
    await refused({ body: { publicKey: mine.apiKey.publicKey.toString() } }, 'INVALID_REQUEST');
    await refused({ flags: 0x01 }, 'SECOND_FACTOR_REFUSED');
    const asked = await challenge(project);
    await addPasskeyTo(enclave, project, await passkeyRequest(project, key, asked));
    const spent = await passkeyRequest(project, makePasskey(), asked);
    await expect(addPasskeyTo(enclave, project, spent)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
    const enrolled = await passkeys.enrol(project, key);
    const again = await passkeyRequest(enrolled, key, await challenge(enrolled));
    await expect(addPasskeyTo(enclave, enrolled, again)).rejects.toThrow(code('ALREADY_EXISTS'));
  });
});
