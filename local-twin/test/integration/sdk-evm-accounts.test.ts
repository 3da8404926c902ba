// The official SDK against enclave and proxy as processes of their own: accounts.
import type { CdpClient } from '@coinbase/cdp-sdk';
import { getAddress, hashMessage, recoverAddress } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestProject, type TestProject } from '../support/project.ts';
import { connectSdk } from '../support/sdk-client.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

let system: TestSystem;
let project: TestProject;
let cdp: CdpClient;

beforeAll(async () => {
  system = await startTestSystem();
  project = await createTestProject(system);
  cdp = connectSdk(project);
});
afterAll(() => system[Symbol.asyncDispose]());

const refusal = (statusCode: number, errorType: string) => expect.objectContaining({ statusCode, errorType });

async function allAddresses(pageSize?: number): Promise<string[][]> {
  const pages: string[][] = [];
  let pageToken: string | undefined;
  do {
    const page = await cdp.evm.listAccounts({
      ...(pageSize !== undefined && { pageSize }),
      ...(pageToken !== undefined && { pageToken }),
    });
    pages.push(page.accounts.map(({ address }) => address));
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined);
  return pages;
}

describe('createAccount', () => {
  it('makes an account whose key signs for its EIP-55 address', async () => {
    const account = await cdp.evm.createAccount();
    expect(account.address).toBe(getAddress(account.address.toLowerCase()));
    expect(account.name).toBeUndefined();
    expect(account.policies).toEqual([]);
    const signature = await account.signMessage({ message: 'mine' });
    expect(await recoverAddress({ hash: hashMessage('mine'), signature })).toBe(account.address);
  });

  it('keeps names unique in a project, letter case and all', async () => {
    const account = await cdp.evm.createAccount({ name: 'Treasury-1' });
    expect(account.name).toBe('Treasury-1');
    await expect(cdp.evm.createAccount({ name: 'Treasury-1' })).rejects.toEqual(
      expect.objectContaining({
        statusCode: 409,
        errorType: 'already_exists',
        errorMessage: 'EVM account with the given name already exists.',
      }),
    );
    const other = await cdp.evm.createAccount({ name: 'treasury-1' });
    expect(other.address).not.toBe(account.address);
  });

  it.each(['a', '-ab', 'ab-', 'a_b', 'ä-b', 'a'.repeat(37), ''])('refuses the name "%s"', async (name) => {
    await expect(cdp.evm.createAccount({ name })).rejects.toEqual(refusal(400, 'invalid_request'));
  });

  it('takes names of 2 and of 36 characters', async () => {
    for (const name of ['a1', `x${'-'.repeat(34)}y`])
      expect((await cdp.evm.createAccount({ name })).name).toBe(name);
  });
});

describe('getAccount', () => {
  it('finds an account by its address in any case, and by name', async () => {
    const { address } = await cdp.evm.createAccount({ name: 'findable' });
    const lower = address.toLowerCase() as `0x${string}`;
    const upper = `0x${address.slice(2).toUpperCase()}` as const;
    for (const spelling of [address, lower, upper]) {
      const found = await cdp.evm.getAccount({ address: spelling });
      expect(found).toMatchObject({ address, name: 'findable' });
    }
    expect(await cdp.evm.getAccount({ name: 'findable' })).toMatchObject({ address });
  });

  it('answers 404 for what does not exist, and 400 for what is no address', async () => {
    const nobody = `0x${'00'.repeat(20)}` as const;
    await expect(cdp.evm.getAccount({ address: nobody })).rejects.toEqual(
      expect.objectContaining({
        statusCode: 404,
        errorType: 'not_found',
        errorMessage: 'EVM account with the given address not found.',
      }),
    );
    await expect(cdp.evm.getAccount({ name: 'nobody' })).rejects.toEqual(refusal(404, 'not_found'));
    await expect(cdp.evm.getAccount({ address: '0x1234' })).rejects.toEqual(refusal(400, 'invalid_request'));
  });

  it('shows no project the account of another', async () => {
    const { address } = await cdp.evm.createAccount({ name: 'of-the-first' });
    const otherCdp = connectSdk(await createTestProject(system));
    try {
      await expect(otherCdp.evm.getAccount({ address })).rejects.toEqual(refusal(404, 'not_found'));
      await expect(otherCdp.evm.getAccount({ name: 'of-the-first' })).rejects.toEqual(
        refusal(404, 'not_found'),
      );
      await expect(otherCdp.evm.signMessage({ address, message: 'x' })).rejects.toEqual(
        refusal(404, 'not_found'),
      );
      expect((await otherCdp.evm.listAccounts()).accounts).toEqual([]);
      const namesake = await otherCdp.evm.createAccount({ name: 'of-the-first' });
      expect(namesake.address).not.toBe(address);
    } finally {
      cdp = connectSdk(project);
    }
  });
});

describe('getOrCreateAccount', () => {
  it('makes one account out of twenty calls at once', async () => {
    const calls = Array.from({ length: 20 }, () => cdp.evm.getOrCreateAccount({ name: 'raced' }));
    const addresses = new Set((await Promise.all(calls)).map(({ address }) => address));
    expect(addresses.size).toBe(1);
    const [address] = addresses;
    const again = await cdp.evm.getOrCreateAccount({ name: 'raced' });
    expect(again.address).toBe(address);
    const listed = (await allAddresses(1000)).flat();
    expect(listed.filter((each) => each === address)).toHaveLength(1);
    const signature = await again.sign({ hash: hashMessage('raced') });
    expect(await recoverAddress({ hash: hashMessage('raced'), signature })).toBe(address);
  });
});

describe('listAccounts', () => {
  it('walks over 120 accounts in pages of any size: each once, newest first, without a token at the end', async () => {
    const made = await Promise.all(Array.from({ length: 120 }, () => cdp.evm.createAccount()));
    const whole = (await allAddresses(1000)).flat();
    expect(whole).toEqual(expect.arrayContaining(made.map(({ address }) => address)));
    expect(new Set(whole).size).toBe(whole.length);
    for (const pageSize of [1000, whole.length, whole.length - 1, 50, 7]) {
      const pages = await allAddresses(pageSize);
      expect(pages.flat()).toEqual(whole);
      expect(pages).toHaveLength(Math.ceil(whole.length / pageSize));
      expect(pages.slice(0, -1).every((page) => page.length === pageSize)).toBe(true);
    }
    const newest = await cdp.evm.createAccount();
    expect((await cdp.evm.listAccounts()).accounts).toHaveLength(20);
    expect((await cdp.evm.listAccounts({ pageSize: 1 })).accounts[0]?.address).toBe(newest.address);
  });

  it('goes on where a page ended though accounts were made since', async () => {
    const first = await cdp.evm.listAccounts({ pageSize: 5 });
    const expected = (await cdp.evm.listAccounts({ pageSize: 10 })).accounts.slice(5);
    await cdp.evm.createAccount();
    const second = await cdp.evm.listAccounts({ pageSize: 5, pageToken: first.nextPageToken as string });
    expect(second.accounts.map(({ address }) => address)).toEqual(expected.map(({ address }) => address));
  });

  it('refuses page sizes and tokens that are none', async () => {
    for (const pageSize of [0, -1, 1.5])
      await expect(cdp.evm.listAccounts({ pageSize })).rejects.toEqual(refusal(400, 'invalid_request'));
    for (const pageToken of ['?', 'AAAA', Buffer.from('1:x:y').toString('base64url')])
      await expect(cdp.evm.listAccounts({ pageToken })).rejects.toEqual(refusal(400, 'invalid_request'));
  });
});

describe('updateAccount', () => {
  it('renames: the new name finds it, the old one is free', async () => {
    const { address } = await cdp.evm.createAccount({ name: 'before' });
    const updated = await cdp.evm.updateAccount({ address, update: { name: 'after' } });
    expect(updated).toMatchObject({ address, name: 'after' });
    expect(await cdp.evm.getAccount({ name: 'after' })).toMatchObject({ address });
    await expect(cdp.evm.getAccount({ name: 'before' })).rejects.toEqual(refusal(404, 'not_found'));
    const heir = await cdp.evm.createAccount({ name: 'before' });
    expect(heir.address).not.toBe(address);
    await expect(cdp.evm.updateAccount({ address, update: { name: 'before' } })).rejects.toEqual(
      refusal(409, 'already_exists'),
    );
    // The refused update used up a version in the enclave's memory alone, not in the store.
    await cdp.evm.updateAccount({ address, update: { name: 'after-all' } });
    const signature = await updated.signMessage({ message: 'still mine' });
    expect(await recoverAddress({ hash: hashMessage('still mine'), signature })).toBe(address);
  });

  it('lets one of several updates at once win each version, and loses none that it confirmed', async () => {
    const { address } = await cdp.evm.createAccount();
    const names = Array.from({ length: 8 }, (_, index) => `contested-${index}`);
    const outcomes = await Promise.allSettled(
      names.map((name) => cdp.evm.updateAccount({ address, update: { name } })),
    );
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(refused.length).toBeLessThan(names.length);
    for (const { reason } of refused) expect(reason).toEqual(refusal(409, 'operation_in_progress'));
    expect(names).toContain((await cdp.evm.getAccount({ address })).name);
    const signature = await cdp.evm.signMessage({ address, message: 'after the contest' });
    expect(await recoverAddress({ hash: hashMessage('after the contest'), ...signature })).toBe(address);
  });

  it('answers 404 for an account that does not exist', async () => {
    const update = cdp.evm.updateAccount({ address: `0x${'11'.repeat(20)}`, update: { name: 'nobody' } });
    await expect(update).rejects.toEqual(refusal(404, 'not_found'));
  });
});
