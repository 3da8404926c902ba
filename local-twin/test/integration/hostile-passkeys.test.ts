// Passkeys against a parent, and against a thief of the Wallet Secret.
import { generateKeyPairSync } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeWalletSecret } from '@strongroom/client/credentials';
import { encodeSecondFactor, operationChallenge } from '@strongroom/client/second-factor';
import { addWalletSecret } from '@strongroom/shared/operations/add-wallet-secret';
import { createPolicy } from '@strongroom/shared/operations/create-policy';
import { exportEvmAccount } from '@strongroom/shared/operations/export-evm-account';
import type { ClientRequest } from '@strongroom/shared/operations/fields';
import { getAttestation } from '@strongroom/shared/operations/get-attestation';
import { updateEvmAccount } from '@strongroom/shared/operations/update-evm-account';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addSecret, afterChange, identityKeyOf, newSecretBody } from '../../src/hostile/lab-owner.ts';
import {
  createLabAccount,
  createLabProject,
  type LabAccount,
  type LabProject,
  signedRequest,
} from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import {
  type AssertionChanges,
  addPasskeyTo,
  assertionOf,
  factorChallengeOf,
  makePasskey,
  passkeyRequest,
  removePasskeyFrom,
  removePasskeyRequest,
  requirementsRequest,
  type SoftwarePasskey,
  setRequirements,
  withFactor,
  withPasskey,
} from '../support/lab-factors.ts';
import { fullySignedRequest } from '../support/lab-policy.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const EVERYTHING = ['wallet-secret', 'recovery', 'export', 'policy', 'factor'];
const SIGNING_POLICY = {
  scope: 'account',
  description: 'nothing',
  rules: [{ action: 'reject', operation: 'signEvmHash' }],
};
const RECIPIENT = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
let lab: Laboratory;
let enclave: LabEnclave;
let identityKey: Uint8Array;
let passkey: SoftwarePasskey;
let bare: LabProject;
/** With a passkey that everything requires. */
let mine: LabProject;

beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
  const { manifest } = await enclave.call(getAttestation, { nonce: new Uint8Array(32) });
  identityKey = identityKeyOf(manifest);
});
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(async () => {
  passkey = makePasskey();
  bare = await createLabProject(enclave, {
    exportAllowed: true,
    scopes: ['read', 'sign', 'accounts#export'],
  });
  const enrolled = await enrol(bare, passkey);
  mine = afterChange(enrolled, await require(enrolled, EVERYTHING));
});

const challenge = (project = mine, from = enclave) => factorChallengeOf(from, project.rows, identityKey);
const require = (project: LabProject, purposes: readonly string[]) =>
  setRequirements(enclave, project, requirementsRequest(project, purposes));

async function enrol(project: LabProject, added: SoftwarePasskey): Promise<LabProject> {
  const client = await passkeyRequest(project, added, await challenge(project));
  return afterChange(project, await addPasskeyTo(enclave, project, client));
}

function secretRequest(project = mine): ClientRequest {
  const body = newSecretBody(makeWalletSecret(), project.rows.projectId);
  return signedRequest(project, { path: '/v2/enclave/wallet-secrets', body });
}
const add = (client: ClientRequest, project = mine, to = enclave) =>
  to.call(addWalletSecret, { client, project: project.rows });

/** The same request under a wallet token that was not used. */
function freshToken({ method, path, body }: ClientRequest) {
  const { walletToken } = signedRequest(mine, {
    method,
    path,
    body: JSON.parse(Buffer.from(body).toString()),
  });
  return { walletToken };
}

let account: LabAccount;
let isGiven = false;
const mayBeSecond = async (client: ClientRequest) =>
  isGiven ? await withPasskey(client, passkey, await challenge()) : client;
const fewer = () => requirementsRequest(mine, []);
const another = async () => passkeyRequest(mine, makePasskey(), await challenge());
const policyRequest = () => signedRequest(mine, { path: '/v2/policy-engine/policies', body: SIGNING_POLICY });
const create = (client: ClientRequest) => enclave.call(createPolicy, { client, project: mine.rows });
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
    ['a rotation', async () => add(await mayBeSecond(secretRequest()))],
    ['a policy', async () => create(await mayBeSecond(policyRequest()))],
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
    await expect(require(removed, ['export'])).rejects.toThrow(code('INVALID_REQUEST'));
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
    const enrolled = await enrol(project, key);
    const again = await passkeyRequest(enrolled, key, await challenge(enrolled));
    await expect(addPasskeyTo(enclave, enrolled, again)).rejects.toThrow(code('ALREADY_EXISTS'));
  });
});

describe('whoever has the Wallet Secret and not the passkey', () => {
  it.each<[string, AssertionChanges]>([
    ['without the user verified', { flags: 0x01 }],
    ['without the user present', { flags: 0x04 }],
    ['with extensions that nobody asked for', { flags: 0x85 }],
    ['of another origin', { origin: 'https://localhost.evil.example' }],
    ['of another port', { origin: 'http://localhost:8788' }],
    ['of another relying party', { rpId: 'evil.example' }],
    ['of an enrolment', { type: 'webauthn.create' }],
    ['out of a frame of another site', { crossOrigin: true }],
    ['under another top', { more: { topOrigin: 'https://evil.example' } }],
    ['whose counter stands still', { signCount: 1 }],
    ['whose counter goes back', { signCount: 0 }],
  ])('cannot use an assertion %s', async (_name, changes) => {
    const client = await withPasskey(secretRequest(), passkey, await challenge(), changes);
    await expect(add(client)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
  });

  it('cannot use a key of his own', async () => {
    const own = makePasskey();
    const strangers = [own, { ...own, credentialId: passkey.credentialId }];
    for (const stranger of strangers) {
      const client = await withPasskey(secretRequest(), stranger, await challenge());
      await expect(add(client)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
    }
  });

  it('cannot take an assertion to another body, path, project or operation', async () => {
    const signed = await withPasskey(secretRequest(), passkey, await challenge());
    const { secondFactor = null } = signed;
    await expect(add({ ...secretRequest(), secondFactor })).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
    await expect(create({ ...policyRequest(), secondFactor })).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
    const theirs = await createLabProject(enclave);
    const enrolled = await enrol(theirs, passkey);
    const other = afterChange(enrolled, await require(enrolled, EVERYTHING));
    const body = JSON.parse(Buffer.from(signed.body).toString());
    const moved = { ...signedRequest(other, { path: signed.path, body }), secondFactor };
    await expect(add(moved, other)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
    await expect(add(moved, mine)).rejects.toThrow(code('WALLET_TOKEN_SIGNATURE'));
    expect((await add(signed)).answer.status).toBe(201);
  });

  it('cannot use one again: neither at once, nor in parallel, nor on the record that follows', async () => {
    const asked = await challenge();
    const { body, path } = secretRequest();
    const send = async () => {
      const anew = signedRequest(mine, { path, body: JSON.parse(Buffer.from(body).toString()) });
      return { ...anew, secondFactor: first.secondFactor ?? null };
    };
    const first = await withPasskey({ ...secretRequest(), body }, passkey, asked);
    const outcomes = await Promise.allSettled([add(await send()), add(await send()), add(await send())]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const [done] = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    await expect(add(await send())).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
    const next = afterChange(mine, done!);
    await expect(add(await send(), next)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
  });

  it('cannot have any bit of one changed, or the header spelled otherwise', async () => {
    const request = secretRequest();
    const asked = await challenge();
    const webauthnChallenge = await operationChallenge(asked, request);
    const assertion = assertionOf(passkey, { challenge: asked.challenge, webauthnChallenge });
    for (const name of Object.keys(assertion) as (keyof typeof assertion)[]) {
      const bytes = Buffer.from(assertion[name], 'base64url');
      for (let at = 0; at < bytes.length; at += 7) {
        const flipped = Buffer.from(bytes);
        flipped[at] = (flipped[at] as number) ^ (1 << (at % 8));
        const altered = { ...assertion, [name]: flipped.toString('base64url') };
        const client = { ...request, ...freshToken(request) };
        const withIt = withFactor(client, { kind: 'passkey', assertion: altered });
        await expect(add(withIt), `${name} ${at}`).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
      }
    }
    const right = encodeSecondFactor({ kind: 'passkey', assertion });
    for (const secondFactor of ['', 'e30', `${right}=`, ` ${right}`, right.slice(0, -2), 'AAAA']) {
      const client = { ...request, ...freshToken(request), secondFactor };
      await expect(add(client)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
    }
    expect((await add({ ...request, ...freshToken(request), secondFactor: right })).answer.status).toBe(201);
  });

  it('cannot enrol a passkey of his own, nor lift the requirement', async () => {
    const own = makePasskey();
    await expect(
      addPasskeyTo(enclave, mine, await passkeyRequest(mine, own, await challenge())),
    ).rejects.toThrow(code('SECOND_FACTOR_REQUIRED'));
    await expect(require(mine, EVERYTHING.slice(1))).rejects.toThrow(code('SECOND_FACTOR_REQUIRED'));
    expect((await require(mine, EVERYTHING)).answer.status).toBe(204);
  });
});

describe('a parent', () => {
  it('cannot put older factors back, or use a challenge of an older record or of another enclave', async () => {
    const old = await challenge();
    const added = await add(await withPasskey(secretRequest(), passkey, await challenge()));
    const next = afterChange(mine, added);
    const late = await withPasskey(secretRequest(next), passkey, old);
    await expect(add(late, next)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
    await expect(add(secretRequest(bare), bare)).rejects.toThrow(code('RECORD_OLDER_VERSION'));
    await using second = await lab.bootReady();
    const foreign = await withPasskey(secretRequest(next), passkey, await challenge(next, second));
    await expect(add(foreign, next)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
  });
});

describe('not prevented', () => {
  it('a thief of the Wallet Secret rotates on an enclave that never saw the record with the requirement', async () => {
    await using restarted = await lab.bootReady();
    await sleep(1100);
    const thief = await addSecret(restarted, bare, makeWalletSecret());
    expect(thief.answer.status).toBe(201);
    // Only together with the parent, which has to present the older record.
    expect((await challenge(mine, restarted)).requiredFor).toEqual(EVERYTHING);
    await expect(addSecret(restarted, bare, makeWalletSecret())).rejects.toThrow(
      code('RECORD_OLDER_VERSION'),
    );
  });
});
