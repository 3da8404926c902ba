// The official SDK against enclave and proxy as processes of their own: Solana accounts and what they sign.
import type { CdpClient } from '@coinbase/cdp-sdk';
import { getBase58Encoder, type Transaction } from '@solana/kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestProject, type TestProject } from '../support/project.ts';
import { refusal } from '../support/refusal.ts';
import { connectSdk } from '../support/sdk-client.ts';
import {
  compileTransfer,
  decodeWire,
  isSignedBy,
  randomSolanaAddress,
  wireOf,
  wireWithoutSlots,
} from '../support/solana-transfer.ts';
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

const signatureOf = (text: string) => Buffer.from(getBase58Encoder().encode(text) as unknown as Uint8Array);

describe('accounts', () => {
  it('are made, found and listed like those of EVM', async () => {
    const { address, name, policies } = await cdp.solana.createAccount({ name: 'treasury' });
    expect(address).toMatch(/^[1-9A-HJ-NP-Za-km-z]{32,44}$/);
    expect([name, policies]).toEqual(['treasury', []]);
    expect((await cdp.solana.getAccount({ address })).address).toBe(address);
    expect((await cdp.solana.getAccount({ name: 'treasury' })).address).toBe(address);
    expect((await cdp.solana.listAccounts()).accounts.map((account) => account.address)).toContain(address);
    expect((await cdp.solana.getOrCreateAccount({ name: 'treasury' })).address).toBe(address);
  });

  it('share names with EVM accounts, and with no other Solana account', async () => {
    await cdp.evm.createAccount({ name: 'both' });
    const { address } = await cdp.solana.createAccount({ name: 'both' });
    await expect(cdp.solana.createAccount({ name: 'both' })).rejects.toEqual(
      refusal(409, 'already_exists', 'Solana account with the given name already exists.'),
    );
    const renamed = await cdp.solana.updateAccount({ address, update: { name: 'renamed' } });
    expect(renamed).toMatchObject({ address, name: 'renamed' });
    await expect(cdp.solana.getAccount({ name: 'both' })).rejects.toEqual(
      refusal(404, 'not_found', 'Solana account with the given name not found.'),
    );
  });

  it('are found by the exact spelling of their address alone', async () => {
    const { address } = await cdp.solana.createAccount();
    const swapped = [...address].map((c) => (c === c.toLowerCase() ? c.toUpperCase() : c.toLowerCase()));
    const other = swapped.join('').replaceAll(/[IOl0]/g, 'x');
    expect(other).not.toBe(address);
    await expect(cdp.solana.getAccount({ address: other })).rejects.toEqual(
      refusal(404, 'not_found', 'Solana account with the given address not found.'),
    );
    for (const none of ['0xabc', `${'1'.repeat(31)}`, 'O'.repeat(32)])
      await expect(cdp.solana.getAccount({ address: none })).rejects.toEqual(refusal(400, 'invalid_request'));
  });
});

describe('messages', () => {
  it('are signed as UTF-8', async () => {
    const { address } = await cdp.solana.createAccount();
    for (const message of ['Hello, world!', 'Grüße, 世界 🌍', '']) {
      const { signature } = await cdp.solana.signMessage({ address, message });
      expect(isSignedBy(address, Buffer.from(message), signatureOf(signature))).toBe(true);
      expect(isSignedBy(address, Buffer.from(`${message}.`), signatureOf(signature))).toBe(false);
    }
  });

  it('that are transactions are refused', async () => {
    const { address } = await cdp.solana.createAccount();
    // Only bytes below 0x80 get through a JSON text unchanged, so the message is made of such.
    const ascii = Buffer.alloc(32, 0x41);
    const blockhash = Buffer.alloc(32, 0x42);
    const header = [1, 0, 1];
    const message = Buffer.concat([
      Buffer.from([...header, 2]),
      ascii,
      Buffer.alloc(32),
      blockhash,
      Buffer.from([1, 1, 1, 0, 0]),
    ]);
    await expect(cdp.solana.signMessage({ address, message: message.toString('latin1') })).rejects.toEqual(
      refusal(400, 'invalid_request'),
    );
  });
});

describe('transactions', () => {
  type Wire = (transaction: Transaction) => string;
  it.each<['legacy' | 0, string, Wire]>([
    ['legacy', 'zero-filled slots', wireOf],
    ['legacy', 'no slots', wireWithoutSlots],
    [0, 'zero-filled slots', wireOf],
    [0, 'no slots', wireWithoutSlots],
  ])('of version %s with %s are signed in their slot, bytes unchanged', async (version, _slots, wire) => {
    const { address } = await cdp.solana.createAccount();
    const unsigned = compileTransfer({ version, from: address });
    const { signature } = await cdp.solana.signTransaction({ address, transaction: wire(unsigned) });
    const signed = decodeWire(signature);
    expect(Buffer.from(signed.messageBytes as unknown as Uint8Array)).toEqual(
      Buffer.from(unsigned.messageBytes as unknown as Uint8Array),
    );
    expect(Object.keys(signed.signatures)).toEqual([address]);
    const own = Object.values(signed.signatures)[0] as Uint8Array;
    expect(isSignedBy(address, signed.messageBytes as unknown as Uint8Array, own)).toBe(true);
  });

  it('as in the tests of CDP, whose one instruction calls the fee payer, are signed', async () => {
    const { address } = await cdp.solana.createAccount();
    const key = getBase58Encoder().encode(address) as unknown as Uint8Array;
    const message = [1, 0, 0, 1, ...key, ...Array<number>(32).fill(1), 1, 0, 1, 0, 4, 1, 2, 3, 4];
    const transaction = Buffer.from([0, ...message]).toString('base64');
    const { signature } = await cdp.solana.signTransaction({ address, transaction });
    const signed = Buffer.from(signature, 'base64');
    expect([signed[0], [...signed.subarray(65)]]).toEqual([1, message]);
    expect(isSignedBy(address, signed.subarray(65), signed.subarray(1, 65))).toBe(true);
  });

  it('of two signers are signed by one after the other', async () => {
    const payer = await cdp.solana.createAccount();
    const owner = await cdp.solana.createAccount();
    const unsigned = compileTransfer({ version: 0, from: owner.address, feePayer: payer.address });
    const first = await cdp.solana.signTransaction({
      address: owner.address,
      transaction: wireWithoutSlots(unsigned),
    });
    const second = await cdp.solana.signTransaction({
      address: payer.address,
      transaction: first.signature,
    });
    const { signatures, messageBytes } = decodeWire(second.signature);
    expect(Object.keys(signatures)).toEqual([payer.address, owner.address]);
    for (const [signer, signature] of Object.entries(signatures))
      expect(
        isSignedBy(signer, messageBytes as unknown as Uint8Array, signature as unknown as Uint8Array),
      ).toBe(true);
  });

  it('of others are refused, and so is what is no transaction', async () => {
    const { address } = await cdp.solana.createAccount();
    const foreign = wireOf(compileTransfer({ version: 0, from: randomSolanaAddress() }));
    await expect(cdp.solana.signTransaction({ address, transaction: foreign })).rejects.toEqual(
      refusal(403, 'forbidden', 'Unable to sign transaction for this address.'),
    );
    for (const transaction of ['AAAA', Buffer.alloc(200, 7).toString('base64')])
      await expect(cdp.solana.signTransaction({ address, transaction })).rejects.toEqual(
        refusal(400, 'malformed_transaction'),
      );
  });
});
