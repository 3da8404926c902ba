import * as v from 'valibot';

/** 1 MiB frames bound it already; a transaction's own bound is its chain's. */
const hexBytes = v.pipe(
  v.string(),
  v.regex(/^0x(?:[0-9a-fA-F]{2})+$/),
  v.description('Bytes in 0x-prefixed hex.'),
);

/** Body of POST /v2/evm/accounts/{address}/sign. */
export const signHashBody = v.strictObject({
  hash: v.pipe(
    v.string(),
    v.regex(/^0x[0-9a-fA-F]{64}$/),
    v.description('The 32 bytes to sign, 0x-prefixed hex.'),
  ),
});

/** Body of POST .../sign/message: EIP-191 over the UTF-8 bytes of the text, whatever it looks like. */
export const signMessageBody = v.strictObject({ message: v.string() });

/** Body of POST .../sign/transaction: the unsigned serialized transaction. */
export const signTransactionBody = v.strictObject({ transaction: hexBytes });

/**
 * Body of POST .../sign/typed-data (CDP's EIP712Message). Types and values are checked against each other where they are hashed;
 * members of `domain` that `types.EIP712Domain` does not name are not signed.
 */
export const signTypedDataBody = v.strictObject({
  domain: v.looseObject({}),
  types: v.record(
    v.string(),
    v.array(
      v.strictObject({ name: v.pipe(v.string(), v.minLength(1)), type: v.pipe(v.string(), v.minLength(1)) }),
    ),
  ),
  primaryType: v.pipe(v.string(), v.minLength(1)),
  message: v.looseObject({}),
});

/** Answers. */
export const signatureBody = v.strictObject({
  signature: v.pipe(
    v.string(),
    v.regex(/^0x[0-9a-f]{130}$/),
    v.description('r, s and v (27 or 28), 65 bytes.'),
  ),
});
export const signedTransactionBody = v.strictObject({ signedTransaction: hexBytes });
