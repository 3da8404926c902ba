// Passkeys against a parent, and against a thief of the Wallet Secret.
import { setTimeout as sleep } from 'node:timers/promises';
import { makeWalletSecret } from '@strongroom/client/credentials';
import { encodeSecondFactor, operationChallenge } from '@strongroom/client/second-factor';
import type { ClientRequest } from '@strongroom/shared/operations/fields';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addSecret, afterChange } from '../../src/hostile/lab-owner.ts';
import { createLabProject, type LabProject, signedRequest } from '../../src/hostile/lab-project.ts';
import {
  type AssertionChanges,
  addPasskeyTo,
  assertionOf,
  makePasskey,
  passkeyRequest,
  type SoftwarePasskey,
  withFactor,
  withPasskey,
} from '../support/lab-factors.ts';
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

/** The same request under a wallet token that was not used. */
function freshToken({ method, path, body }: ClientRequest) {
  const { walletToken } = signedRequest(mine, {
    method,
    path,
    body: JSON.parse(Buffer.from(body).toString()),
  });
  return { walletToken };
}

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
    const client = await withPasskey(newSecretRequest(mine), passkey, await challenge(), changes);
    await expect(add(client)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
  });

  it('cannot use a key of his own', async () => {
    const own = makePasskey();
    const strangers = [own, { ...own, credentialId: passkey.credentialId }];
    for (const stranger of strangers) {
      const client = await withPasskey(newSecretRequest(mine), stranger, await challenge());
      await expect(add(client)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
    }
  });

  it('cannot take an assertion to another body, path, project or operation', async () => {
    const signed = await withPasskey(newSecretRequest(mine), passkey, await challenge());
    const { secondFactor = null } = signed;
    await expect(add({ ...newSecretRequest(mine), secondFactor })).rejects.toThrow(
      code('SECOND_FACTOR_REFUSED'),
    );
    await expect(create({ ...newPolicyRequest(mine), secondFactor })).rejects.toThrow(
      code('SECOND_FACTOR_REFUSED'),
    );
    const theirs = await createLabProject(enclave);
    const enrolled = await passkeys.enrol(theirs, passkey);
    const other = afterChange(enrolled, await passkeys.require(enrolled, EVERYTHING));
    const body = JSON.parse(Buffer.from(signed.body).toString());
    const moved = { ...signedRequest(other, { path: signed.path, body }), secondFactor };
    await expect(add(moved, other)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
    await expect(add(moved, mine)).rejects.toThrow(code('WALLET_TOKEN_SIGNATURE'));
    expect((await add(signed)).answer.status).toBe(201);
  });

  it('cannot use one again: neither at once, nor in parallel, nor on the record that follows', async () => {
    const asked = await challenge();
    const { body, path } = newSecretRequest(mine);
    const send = async () => {
      const anew = signedRequest(mine, { path, body: JSON.parse(Buffer.from(body).toString()) });
      return { ...anew, secondFactor: first.secondFactor ?? null };
    };
    const first = await withPasskey({ ...newSecretRequest(mine), body }, passkey, asked);
    const outcomes = await Promise.allSettled([add(await send()), add(await send()), add(await send())]);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const [done] = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
    await expect(add(await send())).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
    const next = afterChange(mine, done!);
    await expect(add(await send(), next)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
  });

  it('cannot have any bit of one changed, or the header spelled otherwise', async () => {
    const request = newSecretRequest(mine);
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
    await expect(passkeys.require(mine, EVERYTHING.slice(1))).rejects.toThrow(code('SECOND_FACTOR_REQUIRED'));
    expect((await passkeys.require(mine, EVERYTHING)).answer.status).toBe(204);
  });
});

describe('a parent', () => {
  it('cannot put older factors back, or use a challenge of an older record or of another enclave', async () => {
    const old = await challenge();
    const added = await add(await withPasskey(newSecretRequest(mine), passkey, await challenge()));
    const next = afterChange(mine, added);
    const late = await withPasskey(newSecretRequest(next), passkey, old);
    await expect(add(late, next)).rejects.toThrow(code('SECOND_FACTOR_REFUSED'));
    await expect(add(newSecretRequest(bare), bare)).rejects.toThrow(code('RECORD_OLDER_VERSION'));
    await using second = await lab.bootReady();
    const foreign = await withPasskey(newSecretRequest(next), passkey, await challenge(next, second));
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
