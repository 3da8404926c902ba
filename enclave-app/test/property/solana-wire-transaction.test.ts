import {
  type Blockhash,
  getAddressFromPublicKey,
  getTransactionDecoder,
  getTransactionEncoder,
  type SignatureBytes,
  signBytes,
  verifySignature,
} from '@solana/kit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeSolanaMessage, isTransactionMessage } from '../../src/solana/message.ts';
import {
  decodeWireTransaction,
  encodeWireTransaction,
  placeSignature,
  signerIndex,
  withRecentBlockhash,
} from '../../src/solana/wire-transaction.ts';
import { base58, compile, description } from './solana-transaction-arbitraries.ts';

describe('wire transactions against @solana/kit', () => {
  it('decodes what kit encodes to the same parts and back to the same bytes', () => {
    let lookups = 0;
    fc.assert(
      fc.property(description, (given) => {
        const transaction = compile(given);
        const bytes = Uint8Array.from(getTransactionEncoder().encode(transaction));
        fc.pre(bytes.length <= 1232);
        const decoded = decodeWireTransaction(bytes);
        expect(decoded.messageBytes).toEqual(Uint8Array.from(transaction.messageBytes));
        expect(decoded.message.version).toBe(given.version);
        expect(base58.decode(decoded.message.recentBlockhash)).toBe(given.blockhash);
        const keys = decoded.message.staticAccountKeys.map((bytes) => base58.decode(bytes));
        expect(keys.slice(0, decoded.message.requiredSignatureCount)).toEqual(
          Object.keys(transaction.signatures),
        );
        expect(keys[0]).toBe(given.feePayer);
        expect(
          decoded.message.instructions.map((one) => [keys[one.programIdIndex], Uint8Array.from(one.data)]),
        ).toEqual(given.instructions.map((one) => [one.programAddress, one.data]));
        lookups += decoded.message.addressTableLookups.length;
        expect(encodeWireTransaction(decoded)).toEqual(bytes);
        expect(isTransactionMessage(decoded.messageBytes)).toBe(true);
      }),
      { numRuns: 300 },
    );
    expect(lookups).toBeGreaterThan(0);
  });

  it('places a signature in the slot that kit reads for that signer', async () => {
    await fc.assert(
      fc.asyncProperty(description, fc.boolean(), async (given, leavesOutSlots) => {
        const pair = (await crypto.subtle.generateKey('Ed25519', true, ['sign', 'verify'])) as CryptoKeyPair;
        const signer = await getAddressFromPublicKey(pair.publicKey);
        const transaction = compile({ ...given, feePayer: signer });
        const full = Uint8Array.from(getTransactionEncoder().encode(transaction));
        fc.pre(full.length <= 1232);
        const bytes = leavesOutSlots ? Uint8Array.from([0, ...transaction.messageBytes]) : full;
        const decoded = decodeWireTransaction(bytes);
        const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
        const signature = await signBytes(pair.privateKey, decoded.messageBytes);
        const signed = getTransactionDecoder().decode(
          encodeWireTransaction(placeSignature(decoded, publicKey, signature)),
        );
        expect(signerIndex(decoded, publicKey)).toBe(0);
        const placed = signed.signatures[signer] as SignatureBytes;
        expect(await verifySignature(pair.publicKey, placed, signed.messageBytes)).toBe(true);
        for (const [other, slot] of Object.entries(signed.signatures)) {
          if (other !== signer) expect(slot).toBeNull();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('replaces the blockhash and nothing else', () => {
    fc.assert(
      fc.property(description, fc.uint8Array({ minLength: 32, maxLength: 32 }), (given, blockhash) => {
        const bytes = Uint8Array.from(getTransactionEncoder().encode(compile(given)));
        fc.pre(bytes.length <= 1232);
        const expected = compile({ ...given, blockhash: base58.decode(blockhash) as string as Blockhash });
        const replaced = withRecentBlockhash(decodeWireTransaction(bytes), blockhash);
        expect(encodeWireTransaction(replaced)).toEqual(
          Uint8Array.from(getTransactionEncoder().encode(expected)),
        );
      }),
      { numRuns: 100 },
    );
  });

  it('answers any bytes with a transaction or MALFORMED_TRANSACTION', () => {
    const mutated = fc
      .tuple(description, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.nat(40))
      .map(([given, position, flip, cut]) => {
        const bytes = Uint8Array.from(getTransactionEncoder().encode(compile(given)));
        const at = position % bytes.length;
        bytes[at] = (bytes[at] as number) ^ flip;
        return cut < 20 ? bytes : bytes.subarray(0, bytes.length - (cut - 19));
      });
    fc.assert(
      fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 1300 })), (bytes) => {
        try {
          const decoded = decodeWireTransaction(bytes);
          expect(decoded.signatures.length).toBe(decoded.message.requiredSignatureCount);
        } catch (error) {
          expect(error).toMatchObject({ code: 'MALFORMED_TRANSACTION' });
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses every truncation and every extension of a message', () => {
    fc.assert(
      fc.property(description, fc.nat(), (given, cut) => {
        const bytes = Uint8Array.from(compile(given).messageBytes);
        fc.pre(bytes.length <= 1000);
        const malformed = expect.objectContaining({ code: 'MALFORMED_TRANSACTION' });
        expect(() => decodeSolanaMessage(bytes.subarray(0, cut % bytes.length))).toThrow(malformed);
        expect(() => decodeSolanaMessage(Uint8Array.from([...bytes, 0]))).toThrow(malformed);
        // With bytes behind it, it is still a message that a validator might take.
        expect(isTransactionMessage(Uint8Array.from([...bytes, 0]))).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  it('takes no text for a transaction', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 2000 }), (text) => {
        fc.pre(text >= ' ');
        expect(isTransactionMessage(Buffer.from(text))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});
