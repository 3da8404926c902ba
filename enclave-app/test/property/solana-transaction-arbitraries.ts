import {
  AccountRole,
  type Address,
  address,
  appendTransactionMessageInstructions,
  type Blockhash,
  compileTransaction,
  compressTransactionMessageUsingAddressLookupTables,
  createTransactionMessage,
  getBase58Decoder,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
} from '@solana/kit';
import fc from 'fast-check';

// Random Solana transactions, described and compiled by @solana/kit.

export const base58 = getBase58Decoder();
const key = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => base58.decode(bytes) as Address);
const role = fc.constantFrom(
  AccountRole.READONLY,
  AccountRole.WRITABLE,
  AccountRole.READONLY_SIGNER,
  AccountRole.WRITABLE_SIGNER,
);
const instruction = fc.record({
  programAddress: key,
  accounts: fc.array(fc.record({ address: key, role }), { maxLength: 4 }),
  data: fc.uint8Array({ maxLength: 40 }),
});
export const description = fc.record({
  version: fc.constantFrom('legacy' as const, 0 as const),
  feePayer: key,
  blockhash: key.map((text) => text as string as Blockhash),
  instructions: fc.array(instruction, { minLength: 1, maxLength: 3 }),
  usesTables: fc.boolean(),
});
export type Description = typeof description extends fc.Arbitrary<infer T> ? T : never;

const tableAddress = address('4wBqpZM9xaSheZzJSMawUKKwhdpChKbZ5eu5ky4Vigw');

/** As kit makes it: without signatures, with lookup tables or without. */
export function compile({ version, feePayer, blockhash, instructions, usesTables }: Description) {
  const empty = setTransactionMessageFeePayer(feePayer, createTransactionMessage({ version: 0 }));
  const lifetime = { blockhash, lastValidBlockHeight: 1n };
  const message = appendTransactionMessageInstructions(
    instructions,
    setTransactionMessageLifetimeUsingBlockhash(lifetime, empty),
  );
  if (version === 'legacy') return compileTransaction({ ...message, version: 'legacy' } as never);
  const tables = {
    [tableAddress]: instructions.flatMap(({ accounts }) => accounts.map((account) => account.address)),
  };
  return compileTransaction(
    usesTables ? compressTransactionMessageUsingAddressLookupTables(message, tables) : message,
  );
}
