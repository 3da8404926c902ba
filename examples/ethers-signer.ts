import assert from 'node:assert/strict';
import type { CdpClient } from '@coinbase/cdp-sdk';
import {
  AbstractSigner,
  copyRequest,
  type Provider,
  resolveProperties,
  Transaction,
  type TransactionLike,
  type TransactionRequest,
  type TypedDataDomain,
  TypedDataEncoder,
  type TypedDataField,
  verifyMessage,
  verifyTypedData,
} from 'ethers';
import { connect } from './connect.ts';

type Hex = `0x${string}`;

/** An ethers signer whose key is in the enclave. */
class StrongroomSigner extends AbstractSigner {
  readonly #cdp: CdpClient;
  readonly #address: Hex;

  constructor(cdp: CdpClient, address: Hex, provider: Provider | null = null) {
    super(provider);
    this.#cdp = cdp;
    this.#address = address;
  }

  async getAddress(): Promise<string> {
    return this.#address;
  }

  connect(provider: Provider | null): StrongroomSigner {
    return new StrongroomSigner(this.#cdp, this.#address, provider);
  }

  async signMessage(message: string | Uint8Array): Promise<string> {
    // CDP's API takes text; bytes that are none would be signed as other bytes.
    const text =
      typeof message === 'string' ? message : new TextDecoder('utf-8', { fatal: true }).decode(message);
    return (await this.#cdp.evm.signMessage({ address: this.#address, message: text })).signature;
  }

  async signTransaction(request: TransactionRequest): Promise<string> {
    const { from: _from, ...fields } = await resolveProperties(copyRequest(request));
    const transaction = Transaction.from(fields as TransactionLike);
    const { signature } = await this.#cdp.evm.signTransaction({
      address: this.#address,
      transaction: transaction.unsignedSerialized as Hex,
    });
    return signature;
  }

  async signTypedData(
    domain: TypedDataDomain,
    types: Record<string, TypedDataField[]>,
    value: Record<string, unknown>,
  ): Promise<string> {
    const payload = TypedDataEncoder.getPayload(domain, types, value) as Parameters<
      CdpClient['evm']['signTypedData']
    >[0];
    return (await this.#cdp.evm.signTypedData({ ...payload, address: this.#address })).signature;
  }
}

const { cdp } = connect();
const { address } = await cdp.evm.getOrCreateAccount({ name: 'ethers-example' });
const signer = new StrongroomSigner(cdp, address);

assert.equal(verifyMessage('from ethers', await signer.signMessage('from ethers')), address);
console.log('message signed');

const domain = { name: 'Example', version: '1', chainId: 8453 };
const types = { Order: [{ name: 'amount', type: 'uint256' }] };
const order = { amount: 5n };
assert.equal(
  verifyTypedData(domain, types, order, await signer.signTypedData(domain, types, order)),
  address,
);
console.log('typed data signed');

const signed = await signer.signTransaction({
  chainId: 8453,
  type: 2,
  nonce: 7,
  to: address,
  value: 1n,
  gasLimit: 21_000n,
  maxFeePerGas: 1_000_000_000n,
  maxPriorityFeePerGas: 1_000_000n,
});
assert.equal(Transaction.from(signed).from, address);
console.log('transaction signed');
