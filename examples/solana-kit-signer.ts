import assert from 'node:assert/strict';
import type { CdpClient } from '@coinbase/cdp-sdk';
import {
  AccountRole,
  address,
  appendTransactionMessageInstruction,
  type Blockhash,
  createTransactionMessage,
  getBase64EncodedWireTransaction,
  getPublicKeyFromAddress,
  getTransactionDecoder,
  pipe,
  type SignatureBytes,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners,
  type TransactionPartialSigner,
  verifySignature,
} from '@solana/kit';
import { connect } from './connect.ts';

/** A signer of `@solana/kit` whose key is in the enclave. */
function strongroomSigner(cdp: CdpClient, signerAddress: string): TransactionPartialSigner {
  const own = address(signerAddress);
  return {
    address: own,
    signTransactions: (transactions) =>
      Promise.all(
        transactions.map(async (transaction) => {
          const { signature: wire } = await cdp.solana.signTransaction({
            address: signerAddress,
            transaction: getBase64EncodedWireTransaction(transaction),
          });
          const signed = getTransactionDecoder().decode(Buffer.from(wire, 'base64'));
          return { [own]: signed.signatures[own] as SignatureBytes };
        }),
      ),
  };
}

const { cdp } = connect();
const account = await cdp.solana.getOrCreateAccount({ name: 'kit-example' });
const signer = strongroomSigner(cdp, account.address);

const MEMO_PROGRAM = address('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr');
// With a network, the blockhash comes from getLatestBlockhash.
const blockhash = '4sGjMW1sUnHzSxGspuhpqLDx6wiyjNtZAMdL4VZHirAn' as Blockhash;
const message = pipe(
  createTransactionMessage({ version: 0 }),
  (m) => setTransactionMessageFeePayerSigner(signer, m),
  (m) => setTransactionMessageLifetimeUsingBlockhash({ blockhash, lastValidBlockHeight: 1n }, m),
  (m) =>
    appendTransactionMessageInstruction(
      {
        programAddress: MEMO_PROGRAM,
        accounts: [{ address: signer.address, role: AccountRole.READONLY_SIGNER }],
        data: new TextEncoder().encode('hello'),
      },
      m,
    ),
);
const { signatures, messageBytes } = await signTransactionMessageWithSigners(message);
const publicKey = await getPublicKeyFromAddress(signer.address);
assert.ok(await verifySignature(publicKey, signatures[signer.address] as SignatureBytes, messageBytes));
console.log('transaction signed');
