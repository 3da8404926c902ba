import { createPublicKey, randomBytes, verify } from 'node:crypto';
import {
  AccountRole,
  type Address,
  address,
  appendTransactionMessageInstruction,
  type Blockhash,
  compileTransaction,
  createTransactionMessage,
  getAddressDecoder,
  getBase58Encoder,
  getTransactionDecoder,
  getTransactionEncoder,
  pipe,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
  type Transaction,
} from '@solana/kit';

const SYSTEM_PROGRAM = address('11111111111111111111111111111111');

export interface Transfer {
  readonly version: 'legacy' | 0;
  readonly from: string;
  readonly to?: string;
  readonly lamports?: bigint;
  /** Another signer, who pays. */
  readonly feePayer?: string;
}

export function randomSolanaAddress(): Address {
  return getAddressDecoder().decode(randomBytes(32));
}

/** A transfer of the System program as an independent library compiles it, unsigned. */
export function compileTransfer({
  version,
  from,
  to = randomSolanaAddress(),
  lamports = 1000n,
  feePayer = from,
}: Transfer): Transaction {
  const data = Buffer.alloc(12);
  data.writeUInt32LE(2);
  data.writeBigUInt64LE(lamports, 4);
  const accounts = [
    { address: address(from), role: AccountRole.WRITABLE_SIGNER },
    { address: address(to), role: AccountRole.WRITABLE },
  ];
  const blockhash = randomSolanaAddress() as string as Blockhash;
  const message = pipe(
    createTransactionMessage({ version }),
    (m) => setTransactionMessageFeePayer(address(feePayer), m),
    (m) => setTransactionMessageLifetimeUsingBlockhash({ blockhash, lastValidBlockHeight: 1n }, m),
    (m) => appendTransactionMessageInstruction({ programAddress: SYSTEM_PROGRAM, accounts, data }, m),
  );
  return compileTransaction(message);
}

/** The wire form, base64, with a zero-filled slot for every signer. */
export function wireOf(transaction: Transaction): string {
  return Buffer.from(getTransactionEncoder().encode(transaction)).toString('base64');
}

/** The wire form without any slot, as some clients send it. */
export function wireWithoutSlots({ messageBytes }: Transaction): string {
  return Buffer.concat([Uint8Array.of(0), messageBytes as unknown as Uint8Array]).toString('base64');
}

export function decodeWire(base64: string): Transaction {
  return getTransactionDecoder().decode(Buffer.from(base64, 'base64'));
}

const SPKI_ED25519_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/** Whether OpenSSL takes the signature for one by the address over the bytes. */
export function isSignedBy(signer: string, message: Uint8Array, signature: Uint8Array): boolean {
  const raw = Buffer.from(getBase58Encoder().encode(signer) as unknown as Uint8Array);
  const key = createPublicKey({
    key: Buffer.concat([SPKI_ED25519_PREFIX, raw]),
    format: 'der',
    type: 'spki',
  });
  return verify(null, message, key, signature);
}
