import assert from 'node:assert/strict';
import { parseEther, recoverMessageAddress, recoverTransactionAddress, serializeTransaction } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { connect } from './connect.ts';

const { cdp, importPublicKeyPem } = connect();

// The key is made in the enclave, and the address is all that comes out.
const treasury = await cdp.evm.getOrCreateAccount({ name: 'quickstart-treasury' });
console.log('account', treasury.address);

const signature = await treasury.signMessage({ message: 'hello' });
assert.equal(await recoverMessageAddress({ message: 'hello', signature }), treasury.address);
console.log('message signed');

const transaction = serializeTransaction({
  chainId: 8453,
  nonce: 0,
  to: '0x00000000000000000000000000000000DeaDBeef',
  value: parseEther('0.001'),
  gas: 21_000n,
  maxFeePerGas: 1_000_000_000n,
  maxPriorityFeePerGas: 1_000_000n,
});
const signed = await cdp.evm.signTransaction({ address: treasury.address, transaction });
const serializedTransaction = signed.signature as `0x02${string}`;
assert.equal(await recoverTransactionAddress({ serializedTransaction }), treasury.address);
console.log('transaction signed');

// Always name the project's import key: without it the SDK encrypts to Coinbase.
const privateKey = generatePrivateKey();
const imported = await cdp.evm.importAccount({ privateKey, encryptionPublicKey: importPublicKeyPem });
assert.equal(imported.address, privateKeyToAccount(privateKey).address);
assert.equal(`0x${await cdp.evm.exportAccount({ address: imported.address })}`, privateKey);
console.log('key imported and exported');

const solana = await cdp.solana.getOrCreateAccount({ name: 'quickstart-treasury' });
await solana.signMessage({ message: 'hello' });
console.log('Solana account', solana.address);
