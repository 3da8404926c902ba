import { createEvmAccount } from '@strongroom/shared/operations/create-evm-account';
import type { ProjectRows, SealedRecord } from '@strongroom/shared/operations/fields';
import { signEvmMessage } from '@strongroom/shared/operations/sign-evm-message';
import { updateEvmAccount } from '@strongroom/shared/operations/update-evm-account';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLabAccount, signedRequest } from '../../src/hostile/lab-project.ts';
import { openLaboratory } from '../../src/hostile/laboratory.ts';
import { LAB_HASH } from '../support/lab-signing.ts';
import { openTwoLabProjects, type TwoLabProjects } from '../support/two-lab-projects.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
let lab: TwoLabProjects['lab'];
let enclave: TwoLabProjects['enclave'];
let mine: TwoLabProjects['mine'];
let theirs: TwoLabProjects['theirs'];
let account: TwoLabProjects['account'];
let signing: TwoLabProjects['signing'];

beforeAll(async () => {
  ({ lab, enclave, mine, theirs, account, signing } = await openTwoLabProjects());
});
afterAll(() => lab[Symbol.asyncDispose]());

async function update(body: object, record: SealedRecord, to = enclave): Promise<SealedRecord> {
  const client = signedRequest(mine, { method: 'PUT', path: `/v2/evm/accounts/${account.address}`, body });
  return (await to.call(updateEvmAccount, { client, project: mine.rows, account: record })).account;
}

describe('rows', () => {
  it('that are right are signed with', async () => {
    expect((await signing.sign()).status).toBe(200);
  });

  it('of another account: its wallet key', async () => {
    const other = await createLabAccount(enclave, mine);
    const rows = { account: account.rows.account, walletKey: other.rows.walletKey };
    await expect(signing.sign({ rows })).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
  });

  it('of another account: its record and key under my address', async () => {
    const other = await createLabAccount(enclave, mine);
    await expect(signing.sign({ rows: other.rows })).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
  });

  it('of another project: record, key, client secret, authority', async () => {
    const other = await createLabAccount(enclave, theirs);
    const client = signing.signRequestOf(mine, other.address);
    await expect(signing.sign({ client, rows: other.rows })).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
    const project: ProjectRows = { ...mine.rows, clientSecret: theirs.rows.clientSecret };
    await expect(signing.sign({ project })).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
    const swapped: ProjectRows = { ...mine.rows, authority: theirs.rows.authority };
    await expect(signing.sign({ project: swapped })).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
  });

  it('of a project that I do not control, with a token of one that I do', async () => {
    const other = await createLabAccount(enclave, theirs);
    const client = signing.signRequestOf(mine, other.address);
    await expect(signing.sign({ client, project: theirs.rows, rows: other.rows })).rejects.toThrow(
      code('WALLET_TOKEN_SIGNATURE'),
    );
  });

  it('of another kind in the place of each', async () => {
    const { authority, clientSecret } = mine.rows;
    const swaps = [
      { project: { ...mine.rows, clientSecret: authority.sealed } },
      { project: { ...mine.rows, authority: { version: 1, sealed: clientSecret } } },
      { rows: { ...account.rows, walletKey: account.rows.account.sealed } },
      { rows: { ...account.rows, account: { version: 1, sealed: account.rows.walletKey } } },
    ];
    for (const swap of swaps) await expect(signing.sign(swap)).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
  });

  it('truncated, or with a bit flipped', async () => {
    const { walletKey } = account.rows;
    for (const at of [0, 3, 10, 40, 70, walletKey.length - 1]) {
      const flipped = Uint8Array.from(walletKey);
      flipped[at] = (flipped[at] as number) ^ 1;
      await expect(signing.sign({ rows: { ...account.rows, walletKey: flipped } })).rejects.toThrow(
        code('SEALED_BLOB_REFUSED'),
      );
    }
    for (const length of [1, 68, 84, walletKey.length - 1]) {
      const rows = { ...account.rows, walletKey: walletKey.subarray(0, length) };
      await expect(signing.sign({ rows })).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
    }
  });

  it('left out, or with fields nobody knows', async () => {
    await expect(signing.sign({ rows: { walletKey: account.rows.walletKey } })).rejects.toThrow(
      code('INVALID_MESSAGE'),
    );
    await expect(signing.sign({ project: { projectId: mine.rows.projectId } })).rejects.toThrow(
      code('INVALID_MESSAGE'),
    );
    await expect(signing.sign({ admin: true })).rejects.toThrow(code('INVALID_MESSAGE'));
  });

  it('whose version number is not that of the sealed record', async () => {
    const rows = { ...account.rows, account: { version: 2, sealed: account.rows.account.sealed } };
    await expect(signing.sign({ rows })).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
  });
});

describe('records', () => {
  it('older than one that was presented are refused; so is a second one of the same version', async () => {
    const own = await lab.bootReady();
    const v1 = account.rows.account;
    const v2 = await update({ name: 'second' }, v1, own);
    // Made from version 1 as well: the enclave has not seen version 2 yet, so the parent may have lost it.
    const rival = await update({ name: 'rival' }, v1, own);
    expect((await signing.sign({ rows: { ...account.rows, account: v2 } }, own)).status).toBe(200);
    await expect(signing.sign({ rows: account.rows }, own)).rejects.toThrow(code('RECORD_OLDER_VERSION'));
    await expect(signing.sign({ rows: { ...account.rows, account: rival } }, own)).rejects.toThrow(
      code('RECORD_FORKED'),
    );
  });

  it('NOT refused: an older record, by an enclave that never saw the newer one', async () => {
    const first = await lab.bootReady();
    const v2 = await update({ name: 'newer' }, account.rows.account, first);
    await signing.sign({ rows: { ...account.rows, account: v2 } }, first);
    const second = await lab.bootReady();
    expect((await signing.sign({ rows: account.rows }, second)).status).toBe(200);
  });

  it('of another deployment do not open', async () => {
    await using other = await openLaboratory();
    const foreign = await other.bootReady();
    await expect(signing.sign({}, foreign)).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
  });
});

describe('envelopes', () => {
  it('that name another operation than the signed request', async () => {
    const message = signedRequest(mine, { path: `${signing.signPath()}/message`, body: { message: 'hi' } });
    await expect(signing.sign({ client: message })).rejects.toThrow(code('OPERATION_MISMATCH'));
    const create = signedRequest(mine, { path: '/v2/evm/accounts', body: {} });
    await expect(signing.sign({ client: create })).rejects.toThrow(code('OPERATION_MISMATCH'));
    const asMessage = { client: signing.signRequestOf(), project: mine.rows, rows: account.rows };
    await expect(enclave.call(signEvmMessage, asMessage)).rejects.toThrow(code('OPERATION_MISMATCH'));
  });

  it('that ask an existing account for another one', async () => {
    const client = signedRequest(mine, { path: '/v2/evm/accounts', body: {} });
    const existing = { address: '0x000000000000000000000000000000000000dEaD', account: account.rows.account };
    await expect(enclave.call(createEvmAccount, { client, project: mine.rows, existing })).rejects.toThrow(
      code('SEALED_BLOB_REFUSED'),
    );
  });

  it('with duplicate keys in the body the client signed', async () => {
    const body = Buffer.from(`{"hash":"${LAB_HASH}","hash":"0x${'cd'.repeat(32)}"}`);
    await expect(signing.sign({ client: { ...signing.signRequestOf(), body } })).rejects.toThrow(
      code('MALFORMED_JSON'),
    );
  });
});

describe('the enclave', () => {
  it('has met no error that it did not foresee', () => {
    expect(enclave.internalErrors).toEqual([]);
  });
});
