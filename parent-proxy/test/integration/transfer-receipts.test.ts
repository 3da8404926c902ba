import { expect, it } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { addProject, bearerToken, startFixture } from '../proxy-fixture.ts';
import { newAccount } from '../store/store-fixtures.ts';

const RECEIPTS = '/v2/enclave/transfer-receipts';

/** A project that may export, with accounts of two names, and an enclave that gives each export another receipt. */
async function startExporting(wrapStore: (store: Store) => Store = (store) => store) {
  const fixture = await startFixture({ wrapStore });
  const { apiKey, projectId } = await addProject(fixture.store, { scopes: ['read', 'accounts#export'] });
  const [account, other] = [newAccount(projectId, { name: 'one' }), newAccount(projectId, { name: 'two' })];
  for (const one of [account, other]) await fixture.store.addAccount(one, null);
  let exports = 0;
  fixture.enclave.override({
    'export-evm-account': () => {
      exports += 1;
      const body = Buffer.from('{"encryptedPrivateKey":"a2V5"}');
      return { status: 200, body, receipt: Uint8Array.of(1, 2, exports) };
    },
  });
  const send = (method: string, path: string, { query = '', key = '' } = {}) => {
    const bearer = bearerToken(apiKey, `${method} ${new URL(fixture.url).host}${path}`);
    const headers = { ...(key !== '' && { 'x-idempotency-key': key }) };
    return fixture.send(method, `${path}${query}`, {
      bearer,
      headers,
      ...(method === 'POST' && { body: '{}' }),
    });
  };
  return {
    fixture,
    account,
    other,
    exportKey: (key = '', { address } = account) =>
      send('POST', `/v2/evm/accounts/${address.toLowerCase()}/export`, { key }),
    exportByName: (key: string) => send('POST', '/v2/evm/accounts/export/by-name/one', { key }),
    list: async (query = '') => await send('GET', RECEIPTS, { query }),
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  };
}

const HEADER = 'strongroom-transfer-receipt';

it('an export whose receipt cannot be stored gives no key', async () => {
  let isBroken = true;
  await using exporting = await startExporting((store) => ({
    ...store,
    async addExportReceipt(receipt, claim) {
      if (isBroken) throw new StoreError('STORE_FULL');
      return await store.addExportReceipt(receipt, claim);
    },
  }));
  const { account, fixture } = exporting;
  const refused = await exporting.exportKey('again');
  expect([refused.status, refused.json.errorType]).toEqual([503, 'service_unavailable']);
  expect(refused.text).not.toContain('a2V5');
  expect(refused.headers.get(HEADER)).toBeNull();
  expect(fixture.enclave.calls).toContain('export-evm-account');
  isBroken = false;
  const given = await exporting.exportKey('again');
  expect(given.json).toEqual({ encryptedPrivateKey: 'a2V5' });
  expect((await exporting.list()).json).toEqual({
    transferReceipts: [
      {
        transfer: 'export',
        address: account.address,
        storedAt: expect.stringMatching(/^20.*Z$/),
        receipt: given.headers.get(HEADER),
      },
    ],
  });
});

it('an export without a receipt gives no key', async () => {
  await using exporting = await startExporting();
  const body = Buffer.from('{"encryptedPrivateKey":"a2V5"}');
  exporting.fixture.enclave.override({ 'export-evm-account': () => ({ status: 200, body }) });
  const refused = await exporting.exportKey();
  expect(refused.status).toBe(500);
  expect(refused.text).not.toContain('a2V5');
  expect(exporting.fixture.logLines.join('')).toContain('"code":"INVALID_MESSAGE"');
  expect((await exporting.list()).json).toEqual({ transferReceipts: [] });
});

it('a repeated export has the receipt of the first, and none is added; of another account it has its own', async () => {
  await using exporting = await startExporting();
  const { fixture, account, other } = exporting;
  const [first, again] = [await exporting.exportByName('once'), await exporting.exportByName('once')];
  expect(first.headers.get(HEADER)).not.toBeNull();
  expect(again.headers.get(HEADER)).toBe(first.headers.get(HEADER));
  expect((await exporting.list()).json.transferReceipts).toHaveLength(1);
  const { store } = fixture;
  const renamed = (from: typeof account, name: string) => ({
    ...from,
    name,
    record: { version: 2, sealed: from.record.sealed },
  });
  await store.replaceAccount(renamed(account, 'three'), null);
  await store.replaceAccount(renamed(other, 'one'), null);
  const moved = await exporting.exportByName('once');
  expect(moved.headers.get(HEADER)).not.toBe(first.headers.get(HEADER));
  const { transferReceipts } = (await exporting.list()).json;
  const addresses = transferReceipts.map(({ address }: { address: string }) => address);
  expect(addresses.toSorted()).toEqual([account.address, other.address].toSorted());
});

it('receipts are listed in pages, to their own project, and by tokens that were given', async () => {
  await using exporting = await startExporting();
  for (let index = 0; index < 3; index += 1) await exporting.exportKey();
  const first = (await exporting.list('?pageSize=2')).json;
  const last = (await exporting.list(`?pageSize=2&pageToken=${first.nextPageToken}`)).json;
  expect(last).not.toHaveProperty('nextPageToken');
  const receipts = [...first.transferReceipts, ...last.transferReceipts].map(({ receipt }) => receipt);
  expect(new Set(receipts).size).toBe(3);
  expect((await exporting.fixture.send('GET', RECEIPTS)).json).toEqual({ transferReceipts: [] });
  expect(await exporting.fixture.send('GET', RECEIPTS, { bearer: null })).toMatchObject({ status: 401 });
  for (const query of ['?pageToken=x', '?pageSize=0'])
    expect(await exporting.list(query)).toMatchObject({
      status: 400,
      json: { errorType: 'invalid_request' },
    });
});
