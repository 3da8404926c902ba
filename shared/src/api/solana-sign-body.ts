import * as v from 'valibot';

/** Body of POST /v2/solana/accounts/{address}/sign/message: the UTF-8 bytes of the text are signed. */
export const signSolanaMessageBody = v.strictObject({ message: v.string() });

/** Body of POST .../sign/transaction: a wire transaction, base64. */
export const signSolanaTransactionBody = v.strictObject({
  transaction: v.pipe(
    v.string(),
    v.regex(/^[A-Za-z0-9+/]+={0,2}$/),
    v.maxLength(4096),
    v.description('The serialized transaction, base64, with or without signature slots.'),
  ),
});

/** Answers. */
export const solanaSignatureBody = v.strictObject({
  signature: v.pipe(v.string(), v.description('The Ed25519 signature, base58.')),
});
export const signedSolanaTransactionBody = v.strictObject({
  signedTransaction: v.pipe(v.string(), v.description('The serialized transaction, base64.')),
});
