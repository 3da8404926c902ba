// What a project allows as a whole, changed by its owner, and by a parent that would like to.
import { readFileSync } from 'node:fs';
import { makeBearerToken } from '@strongroom/client/bearer-token';
import { exportEvmAccount } from '@strongroom/shared/operations/export-evm-account';
import type { ProjectRows } from '@strongroom/shared/operations/fields';
import { type EvmProposal, sendEvmTransaction } from '@strongroom/shared/operations/send-evm-transaction';
import { updateProjectSettings } from '@strongroom/shared/operations/update-project-settings';
import { serializeTransaction } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { afterChange } from '../../src/hostile/lab-owner.ts';
import {
  createLabAccount,
  createLabProject,
  LAB_AUTHORITY,
  type LabAccount,
  type LabProject,
  signedRequest,
} from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { createOwnedProject } from '../support/owner-file.ts';
import { refusal } from '../support/refusal.ts';
import { connectSdk } from '../support/sdk-client.ts';
import { sendSigned } from '../support/signed-request.ts';
import { runStrongroom } from '../support/strongroom-command.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const PATH = '/v2/enclave/project-settings';

describe('the owner', () => {
  let system: TestSystem;
  beforeAll(async () => {
    system = await startTestSystem();
  });
  afterAll(() => system[Symbol.asyncDispose]());

  it('changes settings by command, and the certificate shows them and what stayed', async () => {
    const { file } = await createOwnedProject(system);
    const change = (...options: string[]) =>
      runStrongroom('project', 'settings', '--credentials', file, ...options);
    const { host } = new URL((JSON.parse(readFileSync(file, 'utf8')) as { baseUrl: string }).baseUrl);
    const first = await change('--max-fee-wei', '12345678901234567890', '--export', 'forbid');
    expect(first.json).toEqual({
      recordVersion: 2,
      authorities: [host],
      exportAllowed: false,
      maxFeeWei: '12345678901234567890',
    });
    const second = await change('--authority', host, '--authority', 'wallet.example.com');
    expect(second.json).toEqual({
      recordVersion: 3,
      authorities: [host, 'wallet.example.com'],
      exportAllowed: false,
      maxFeeWei: '12345678901234567890',
    });
    expect(await change('--authority', 'wallet.example.com')).toMatchObject({ exitCode: 1 });
    for (const wrong of [['--max-fee-wei', '-1'], ['--export', 'maybe'], []])
      expect(await change(...wrong)).toMatchObject({ exitCode: 2 });
  });

  it('forbids export from one request to the next, and is asked for the Wallet Secret', async () => {
    const { project } = await createOwnedProject(system);
    const put = async (body: object, options: { key?: string; as?: typeof project } = {}) => {
      const { as = project, key = null } = options;
      const { status, text } = await sendSigned(as, 'PUT', PATH, { body, key });
      return [status, text === '' ? '' : JSON.parse(text).errorMessage];
    };
    expect(await put({ exportAllowed: false }, { key: 'close' })).toEqual([204, '']);
    expect(await put({ exportAllowed: true })).toEqual([204, '']);
    // Repeated under its key, it is not done a second time.
    expect(await put({ exportAllowed: false }, { key: 'close' })).toEqual([204, '']);
    const stranger = { ...project, walletKey: (await createOwnedProject(system)).project.walletKey };
    expect(await put({ exportAllowed: false }, { as: stranger })).toEqual([
      401,
      'Wallet authentication error.',
    ]);
    for (const body of [
      { policyAuthority: 'api-key' },
      { maxFeeWei: 5 },
      { maxFeeWei: '05' },
      { authorities: [] },
    ])
      expect((await put(body))[0]).toBe(400);
    const cdp = connectSdk(project);
    const { address } = await cdp.evm.createAccount();
    await expect(cdp.evm.exportAccount({ address })).rejects.toEqual(refusal(403, 'forbidden'));
  });
});

describe('the enclave, between owner and parent', () => {
  const code = (expected: string) => expect.objectContaining({ code: expected });
  const PROPOSAL: EvmProposal = { nonce: 5, gasLimit: 21_000, maxFeePerGas: 2e9, maxPriorityFeePerGas: 1e9 };
  const CAP = 21_000n * 2_000_000_000n;
  let lab: Laboratory;
  let enclave: LabEnclave;
  let project: LabProject;
  let account: LabAccount;

  beforeAll(async () => {
    lab = await openLaboratory();
    enclave = await lab.bootReady();
    project = await createLabProject(enclave, { maxFeeWei: `${CAP}` });
    account = await createLabAccount(enclave, project);
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  const change = (body: object, from = project) =>
    enclave.call(updateProjectSettings, {
      client: signedRequest(from, { method: 'PUT', path: PATH, body }),
      project: from.rows,
    });
  function send(rows: ProjectRows) {
    const unsigned = { type: 'eip1559', chainId: 1, to: `0x${'aa'.repeat(20)}`, value: 7n } as const;
    const path = `/v2/evm/accounts/${account.address}/send/transaction`;
    const body = { transaction: serializeTransaction(unsigned), network: 'base-sepolia' };
    return enclave.call(sendEvmTransaction, {
      client: signedRequest(project, { path, body }),
      project: rows,
      rows: account.rows,
      proposal: PROPOSAL,
    });
  }

  it('does not let a parent go back to a higher fee cap than the one that it has presented', async () => {
    await send(project.rows);
    const lowered = afterChange(project, await change({ maxFeeWei: `${CAP - 1n}` }));
    await expect(send(lowered.rows)).rejects.toThrow(code('FEE_CAP_EXCEEDED'));
    await expect(send(project.rows)).rejects.toThrow(code('RECORD_OLDER_VERSION'));
    project = lowered;
  });

  it('does not let an owner lock himself out by a list without the authority of the very request', async () => {
    const lost = change({ authorities: ['wallet.example.com'] });
    await expect(lost).rejects.toThrow(code('INVALID_REQUEST'));
    const kept = await change({ authorities: ['wallet.example.com', LAB_AUTHORITY] });
    expect(kept.view.authorities).toEqual(['wallet.example.com', LAB_AUTHORITY]);
  });

  it('changes nothing without a token of the owner for this body, and nothing twice by one', async () => {
    const client = signedRequest(project, { method: 'PUT', path: PATH, body: { maxFeeWei: '1' } });
    const call = (changes: object) =>
      enclave.call(updateProjectSettings, { client: { ...client, ...changes }, project: project.rows });
    const body = Buffer.from(JSON.stringify({ maxFeeWei: '99999999999999999999' }));
    await expect(call({ walletToken: null })).rejects.toThrow(code('WALLET_TOKEN_MISSING'));
    await expect(call({ body })).rejects.toThrow(code('WALLET_TOKEN_REQUEST_HASH_MISMATCH'));
    await expect(call({ path: '/v2/enclave/recovery-key' })).rejects.toThrow(code('OPERATION_MISMATCH'));
    const stranger = await createLabProject(enclave);
    const theirs = signedRequest(stranger, { method: 'PUT', path: PATH, body: { maxFeeWei: '1' } });
    await expect(call({ walletToken: theirs.walletToken })).rejects.toThrow(code('WALLET_TOKEN_SIGNATURE'));
    const changed = afterChange(project, await call({}));
    await expect(enclave.call(updateProjectSettings, { client, project: changed.rows })).rejects.toThrow(
      code('WALLET_TOKEN_REPLAYED'),
    );
    project = changed;
  });

  it('does not export by the record from before export was forbidden', async () => {
    const open = await createLabProject(enclave, { exportAllowed: true, scopes: ['accounts#export'] });
    const { address, rows } = await createLabAccount(enclave, open);
    const closed = afterChange(open, await change({ exportAllowed: false }, open));
    const ask = (at: ProjectRows) => {
      const path = `/v2/evm/accounts/${address}/export`;
      const { id: apiKeyId, secret: apiKeySecret } = open.apiKey;
      const url = new URL(`http://${LAB_AUTHORITY}${path}`);
      const bearerToken = makeBearerToken({ apiKeyId, apiKeySecret }, 'POST', url);
      const client = signedRequest(open, { path, body: { exportEncryptionKey: 'AAAA' } });
      return enclave.call(exportEvmAccount, {
        client: { ...client, bearerToken },
        project: at,
        address,
        rows,
      });
    };
    await expect(ask(closed.rows)).rejects.toThrow(code('FORBIDDEN'));
    await expect(ask(open.rows)).rejects.toThrow(code('RECORD_OLDER_VERSION'));
  });
});
