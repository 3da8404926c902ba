// A parent that cheats with Solana transactions to be sent; the enclave refuses each attempt with a code of its own.
import { createSolanaAccount } from '@strongroom/shared/operations/create-solana-account';
import { sendSolanaTransaction } from '@strongroom/shared/operations/send-solana-transaction';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLabProject, type LabProject, signedRequest } from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { solanaTransfer } from '../support/unsigned-solana-transfer.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
let lab: Laboratory;
let enclave: LabEnclave;
let project: LabProject;

beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
  project = await createLabProject(enclave);
});
afterAll(() => lab[Symbol.asyncDispose]());

describe('a Solana transaction', () => {
  const OPEN = new Uint8Array(32);
  const path = '/v2/solana/accounts/send/transaction';

  async function solanaAccount() {
    const { created } = await enclave.call(createSolanaAccount, {
      client: signedRequest(project, { path: '/v2/solana/accounts', body: {} }),
      project: project.rows,
      existing: null,
    });
    if (created === null) throw new Error('no account was created');
    const { account: record, walletKey, view } = created;
    return { address: view.address, rows: { account: record, walletKey } };
  }

  const requestOf = (transaction: Uint8Array) =>
    signedRequest(project, {
      path,
      body: { network: 'solana-devnet', transaction: Buffer.from(transaction).toString('base64') },
    });
  const sendSolana = (changes: Record<string, unknown>) =>
    enclave.call(sendSolanaTransaction, {
      project: project.rows,
      proposal: { blockhash: null },
      ...changes,
    } as never);

  it('has its blockhash filled in only when it has none', async () => {
    const sender = await solanaAccount();
    const chosen = Buffer.alloc(32, 7);
    const open = requestOf(solanaTransfer(sender.address, OPEN));
    const { transaction } = await sendSolana({
      client: open,
      accounts: [sender],
      proposal: { blockhash: chosen },
    });
    const expected = solanaTransfer(sender.address, chosen);
    expect(Buffer.from(transaction.raw.subarray(65))).toEqual(Buffer.from(expected.subarray(65)));
    for (const [blockhash, proposed] of [
      [OPEN, null],
      [chosen, OPEN],
    ] as const) {
      const client = requestOf(solanaTransfer(sender.address, blockhash));
      await expect(
        sendSolana({ client, accounts: [sender], proposal: { blockhash: proposed } }),
      ).rejects.toThrow(code('PROPOSAL_REFUSED'));
    }
  });

  it('is good for one blockhash per token', async () => {
    const sender = await solanaAccount();
    const client = requestOf(solanaTransfer(sender.address, OPEN));
    await sendSolana({ client, accounts: [sender], proposal: { blockhash: Buffer.alloc(32, 1) } });
    await expect(
      sendSolana({ client, accounts: [sender], proposal: { blockhash: Buffer.alloc(32, 2) } }),
    ).rejects.toThrow(code('WALLET_TOKEN_REPLAYED'));
  });

  it('is not signed by an account that it does not require, and not without one that it does', async () => {
    const [sender, bystander] = [await solanaAccount(), await solanaAccount()];
    const blockhash = Buffer.alloc(32, 9);
    for (const accounts of [[sender, bystander], [bystander], []]) {
      const client = requestOf(solanaTransfer(sender.address, blockhash));
      await expect(sendSolana({ client, accounts })).rejects.toThrow(code('FORBIDDEN'));
    }
    const swapped = { address: sender.address, rows: bystander.rows };
    const client = requestOf(solanaTransfer(sender.address, blockhash));
    await expect(sendSolana({ client, accounts: [swapped] })).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
  });

  it('that lives by a durable nonce keeps it, whatever it looks like', async () => {
    const sender = await solanaAccount();
    const client = requestOf(solanaTransfer(sender.address, OPEN, { hasDurableNonce: true }));
    await expect(
      sendSolana({ client, accounts: [sender], proposal: { blockhash: Buffer.alloc(32, 3) } }),
    ).rejects.toThrow(code('PROPOSAL_REFUSED'));
  });

  it('that others have yet to sign, or had signed without a blockhash, is refused', async () => {
    const sender = await solanaAccount();
    const [chosen, signature] = [Buffer.alloc(32, 9), Buffer.alloc(64, 8)];
    const other = Buffer.alloc(32, 0x77);
    const sendOf = (transaction: Uint8Array, blockhash: Uint8Array | null) =>
      sendSolana({ client: requestOf(transaction), accounts: [sender], proposal: { blockhash } });
    const unsigned = solanaTransfer(sender.address, chosen, { cosigner: other });
    await expect(sendOf(unsigned, null)).rejects.toThrow(code('FORBIDDEN'));
    const partly = (blockhash: Uint8Array) => {
      const bytes = Buffer.from(solanaTransfer(sender.address, blockhash, { cosigner: other }));
      signature.copy(bytes, 1 + 64);
      return bytes;
    };
    expect((await sendOf(partly(chosen), null)).answer.status).toBe(200);
    await expect(sendOf(partly(OPEN), chosen)).rejects.toThrow(code('MALFORMED_TRANSACTION'));
  });
});
