// A parent that cheats with transactions to be sent; the enclave refuses each attempt with a code of its own.
import { type EvmProposal, sendEvmTransaction } from '@strongroom/shared/operations/send-evm-transaction';
import { parseTransaction, recoverTransactionAddress, serializeTransaction } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createLabAccount,
  createLabProject,
  type LabAccount,
  type LabProject,
  signedRequest,
} from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const RECIPIENT = '0x00000000000000000000000000000000000000aa';
const NOTHING: EvmProposal = { nonce: null, gasLimit: null, maxFeePerGas: null, maxPriorityFeePerGas: null };
const PROPOSAL: EvmProposal = { nonce: 5, gasLimit: 21_000, maxFeePerGas: 2e9, maxPriorityFeePerGas: 1e9 };
let lab: Laboratory;
let enclave: LabEnclave;
let project: LabProject;
let account: LabAccount;

beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
  // 21,000 gas at 2 gwei and not a wei more.
  project = await createLabProject(enclave, { maxFeeWei: `${21_000n * 2_000_000_000n}` });
  account = await createLabAccount(enclave, project);
});
afterAll(() => lab[Symbol.asyncDispose]());

function evmRequest(fields: object = {}, network = 'base-sepolia') {
  const unsigned = { type: 'eip1559', chainId: 1, to: RECIPIENT, value: 7n, ...fields } as const;
  const path = `/v2/evm/accounts/${account.address}/send/transaction`;
  return signedRequest(project, { path, body: { transaction: serializeTransaction(unsigned), network } });
}

function send(changes: Record<string, unknown> = {}, to = enclave) {
  return to.call(sendEvmTransaction, {
    client: evmRequest(),
    project: project.rows,
    rows: account.rows,
    proposal: PROPOSAL,
    ...changes,
  } as never);
}
const sendWith = (proposal: Partial<EvmProposal>, fields: object = {}) =>
  send({ client: evmRequest(fields), proposal: { ...PROPOSAL, ...proposal } });

function decoded(raw: Uint8Array) {
  const serializedTransaction = `0x${Buffer.from(raw).toString('hex')}` as `0x02${string}`;
  return { serializedTransaction, fields: parseTransaction(serializedTransaction) };
}

describe('an honest proposal', () => {
  it('is signed: what the client left open is filled, all else is as signed', async () => {
    const { transaction, answer } = await send();
    const { serializedTransaction, fields } = decoded(transaction.raw);
    expect(fields).toMatchObject({
      chainId: 84_532,
      nonce: 5,
      gas: 21_000n,
      maxFeePerGas: 2_000_000_000n,
      maxPriorityFeePerGas: 1_000_000_000n,
      to: RECIPIENT,
      value: 7n,
    });
    expect(await recoverTransactionAddress({ serializedTransaction })).toBe(account.address);
    expect(JSON.parse(Buffer.from(answer.body).toString())).toEqual({ transactionHash: transaction.id });
  });
});

describe('a proposal that', () => {
  it.each([
    ['nonce', { nonce: 3 }],
    ['gas limit', { gas: 21_000n }],
    ['fee', { maxFeePerGas: 1_500_000_000n }],
    ['tip', { maxPriorityFeePerGas: 500_000_000n }],
  ])('fills a %s that the client set is refused', async (_name, fields) => {
    await expect(sendWith({}, fields)).rejects.toThrow(code('PROPOSAL_REFUSED'));
  });

  it('leaves a field open, or contradicts one, is refused', async () => {
    for (const field of Object.keys(PROPOSAL)) {
      await expect(sendWith({ [field]: null })).rejects.toThrow(code('PROPOSAL_REFUSED'));
    }
    await expect(sendWith({ gasLimit: 0 })).rejects.toThrow(code('PROPOSAL_REFUSED'));
    await expect(sendWith({ maxPriorityFeePerGas: 2e9 + 1 })).rejects.toThrow(code('PROPOSAL_REFUSED'));
    await expect(
      send({
        client: evmRequest({ nonce: 1, gas: 21_000n, maxFeePerGas: 9n }),
        proposal: { ...NOTHING, maxPriorityFeePerGas: 10 },
      }),
    ).rejects.toThrow(code('PROPOSAL_REFUSED'));
  });

  it('costs more than the cap of the record is refused, whoever set the price', async () => {
    await expect(sendWith({ gasLimit: 21_001 })).rejects.toThrow(code('FEE_CAP_EXCEEDED'));
    await expect(sendWith({ maxFeePerGas: 2e9 + 1 })).rejects.toThrow(code('FEE_CAP_EXCEEDED'));
    await expect(sendWith({ maxFeePerGas: Number.MAX_SAFE_INTEGER })).rejects.toThrow(
      code('FEE_CAP_EXCEEDED'),
    );
    const expensive = { nonce: 1, gas: 30_000_000n, maxFeePerGas: 2n ** 200n, maxPriorityFeePerGas: 1n };
    await expect(send({ client: evmRequest(expensive), proposal: NOTHING })).rejects.toThrow(
      code('FEE_CAP_EXCEEDED'),
    );
  });

  it('is not of the contract is not read', async () => {
    for (const proposal of [
      { ...PROPOSAL, chainId: 1 },
      { ...PROPOSAL, to: RECIPIENT },
      { ...PROPOSAL, nonce: '5' },
      { nonce: 1 },
      null,
    ]) {
      await expect(send({ proposal })).rejects.toThrow(code('INVALID_MESSAGE'));
    }
  });
});

describe('a body that was changed on the way', () => {
  it.each([
    [
      'recipient',
      {
        transaction: serializeTransaction({
          type: 'eip1559',
          chainId: 1,
          to: `0x${'bb'.repeat(20)}`,
          value: 7n,
        }),
      },
    ],
    ['network, and so the chain id', { network: 'ethereum' }],
  ])('in its %s is refused', async (_name, change) => {
    const client = evmRequest();
    const body = { ...(JSON.parse(Buffer.from(client.body).toString()) as object), ...change };
    const changed = { ...client, body: Buffer.from(JSON.stringify(body)) };
    await expect(send({ client: changed })).rejects.toThrow(code('WALLET_TOKEN_REQUEST_HASH_MISMATCH'));
  });

  it('cannot be passed off as one to be signed only, nor the other way round', async () => {
    const client = evmRequest();
    const elsewhere = { ...client, path: client.path.replace('/send/', '/sign/') };
    await expect(send({ client: elsewhere })).rejects.toThrow(code('OPERATION_MISMATCH'));
  });

  it('names a network outside of the table, or a transaction of another type', async () => {
    await expect(send({ client: evmRequest({}, 'zora') })).rejects.toThrow(code('INVALID_REQUEST'));
    const path = `/v2/evm/accounts/${account.address}/send/transaction`;
    const legacy = serializeTransaction({ type: 'legacy', chainId: 84_532, to: RECIPIENT });
    const client = signedRequest(project, { path, body: { transaction: legacy, network: 'base-sepolia' } });
    await expect(send({ client })).rejects.toThrow(code('MALFORMED_TRANSACTION'));
  });
});

describe('one token', () => {
  it('is good for one transaction: a second nonce for it is refused', async () => {
    const client = evmRequest();
    expect((await send({ client })).transaction.nonce).toBe(5);
    await expect(send({ client, proposal: { ...PROPOSAL, nonce: 6 } })).rejects.toThrow(
      code('WALLET_TOKEN_REPLAYED'),
    );
    await expect(send({ client })).rejects.toThrow(code('WALLET_TOKEN_REPLAYED'));
  });

  it('is spent by a proposal that is refused', async () => {
    const client = evmRequest();
    await expect(send({ client, proposal: NOTHING })).rejects.toThrow(code('PROPOSAL_REFUSED'));
    await expect(send({ client })).rejects.toThrow(code('WALLET_TOKEN_REPLAYED'));
  });

  it('is refused by an enclave that started after it was made', async () => {
    const client = evmRequest();
    await send({ client });
    await using restarted = await lab.bootReady();
    await expect(send({ client, proposal: { ...PROPOSAL, nonce: 6 } }, restarted)).rejects.toThrow(
      code('WALLET_TOKEN_BEFORE_BOOT'),
    );
  });

  it('is taken by a second enclave that runs beside the first: the limit that SECURITY.md names', async () => {
    await using second = await lab.bootReady();
    const client = evmRequest();
    const one = await send({ client });
    const other = await send({ client, proposal: { ...PROPOSAL, nonce: 6 } }, second);
    expect(other.transaction.tokenId).toEqual(one.transaction.tokenId);
    // A client that sets the nonce itself has one payment whatever the parent does: both transactions exclude each other.
    const fixed = evmRequest({ nonce: 9 });
    await expect(send({ client: fixed }, second)).rejects.toThrow(code('PROPOSAL_REFUSED'));
  });
});
