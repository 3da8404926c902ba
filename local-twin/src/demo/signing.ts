// What the official SDK has signed, each checked by viem alone.
import { CdpClient } from '@coinbase/cdp-sdk';
import { makeWalletSecret } from '@strongroom/client/credentials';
import {
  type Hex,
  hashTypedData,
  keccak256,
  parseTransaction,
  recoverAddress,
  recoverMessageAddress,
  recoverTransactionAddress,
  serializeTransaction,
  toHex,
} from 'viem';
import type { DevFile } from '../dev/dev-file.ts';
import { expect } from './steps.ts';

/** The owner: his SDK, and an account of his. */
export interface Wallet {
  readonly cdp: CdpClient;
  readonly address: Hex;
}

const PAYMENT = {
  domain: {
    name: 'Strongroom',
    chainId: 1,
    verifyingContract: '0x000000000022D473030F116dDEE9F6B43aC78BA3',
  },
  types: {
    Payment: [
      { name: 'to', type: 'address' },
      { name: 'amount', type: 'uint256' },
    ],
  },
  primaryType: 'Payment',
  message: { to: '0x000000000000000000000000000000000000dEaD', amount: 10n ** 18n },
} as const;

const TRANSFER = {
  type: 'eip1559',
  chainId: 84_532,
  nonce: 7,
  to: '0x000000000000000000000000000000000000dEaD',
  value: 10n ** 15n,
  gas: 21_000n,
  maxFeePerGas: 2_000_000_000n,
  maxPriorityFeePerGas: 1_000_000_000n,
} as const;

export function sdkOf({ apiKeyId, apiKeySecret, baseUrl }: DevFile, walletSecret: string): CdpClient {
  return new CdpClient({ apiKeyId, apiKeySecret, walletSecret, basePath: baseUrl });
}

export async function signMessage({ cdp, address }: Wallet): Promise<string> {
  const { signature } = await cdp.evm.signMessage({ address, message: 'Strongroom' });
  const signer = await recoverMessageAddress({ message: 'Strongroom', signature });
  expect(signer === address, `recovered ${signer}`);
  return signature;
}

export async function signHash({ cdp, address }: Wallet): Promise<string> {
  const hash = keccak256(toHex('Strongroom'));
  const { signature } = await cdp.evm.signHash({ address, hash });
  expect((await recoverAddress({ hash, signature })) === address, 'recovered another address');
  return signature;
}

export async function signTypedData({ cdp, address }: Wallet): Promise<string> {
  const { signature } = await cdp.evm.signTypedData({ address, ...PAYMENT });
  const signer = await recoverAddress({ hash: hashTypedData(PAYMENT), signature });
  expect(signer === address, 'recovered another address');
  return signature;
}

export async function signTransaction({ cdp, address }: Wallet): Promise<string> {
  const transaction = serializeTransaction(TRANSFER);
  const { signature: signed } = await cdp.evm.signTransaction({ address, transaction });
  const signer = await recoverTransactionAddress({ serializedTransaction: signed as `0x02${string}` });
  expect(signer === address, `recovered ${signer}`);
  const { r: _r, s: _s, yParity: _y, v: _v, ...fields } = parseTransaction(signed as `0x02${string}`);
  expect(serializeTransaction(fields) === transaction, 'the signed transaction is another one');
  return `${signed.slice(0, 66)}…`;
}

/** He has the API key, and a Wallet Secret of his own. */
export async function refuseThief(dev: DevFile, { address }: Wallet): Promise<string> {
  const thief = sdkOf(dev, makeWalletSecret().secret);
  const refusal = (await thief.evm.signMessage({ address, message: 'mine now' }).catch((error) => error)) as {
    statusCode?: number;
  };
  expect(refusal.statusCode === 401, 'a foreign Wallet Secret signed');
  return '401 Wallet authentication error.';
}
