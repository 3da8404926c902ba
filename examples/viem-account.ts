import assert from 'node:assert/strict';
import {
  createWalletClient,
  custom,
  parseGwei,
  recoverMessageAddress,
  recoverTransactionAddress,
  recoverTypedDataAddress,
} from 'viem';
import { type LocalAccount, toAccount } from 'viem/accounts';
import { base } from 'viem/chains';
import { connect } from './connect.ts';

const { cdp } = connect();
const serverAccount = await cdp.evm.getOrCreateAccount({ name: 'viem-example' });

// The SDK's account has the methods that viem asks for; nothing else is needed.
const account: LocalAccount = toAccount(serverAccount);
// No request goes to a node in this example; with a network, the transport is http(url).
const transport = custom({ request: () => Promise.reject(new Error('there is no node here')) });
const wallet = createWalletClient({ account, chain: base, transport });

const signature = await wallet.signMessage({ message: 'from viem' });
assert.equal(await recoverMessageAddress({ message: 'from viem', signature }), account.address);
console.log('message signed');

const typedData = {
  domain: { name: 'Example', version: '1', chainId: base.id },
  types: { Order: [{ name: 'amount', type: 'uint256' }] },
  primaryType: 'Order',
  message: { amount: 5n },
} as const;
const typedSignature = await wallet.signTypedData(typedData);
assert.equal(await recoverTypedDataAddress({ ...typedData, signature: typedSignature }), account.address);
console.log('typed data signed');

const serializedTransaction = await account.signTransaction({
  chainId: base.id,
  type: 'eip1559',
  nonce: 7,
  to: account.address,
  value: 1n,
  gas: 21_000n,
  maxFeePerGas: parseGwei('1'),
  maxPriorityFeePerGas: parseGwei('0.1'),
});
assert.equal(
  await recoverTransactionAddress({ serializedTransaction: serializedTransaction as `0x02${string}` }),
  account.address,
);
console.log('transaction signed');
