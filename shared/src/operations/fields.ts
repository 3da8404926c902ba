import * as v from 'valibot';
import { MAX_FRAME_BYTES } from '../wire/frame.ts';

const bytes = v.custom<Uint8Array>((value) => value instanceof Uint8Array);

/** A byte string of exactly `length` bytes. */
export const bytesOf = (length: number) => v.pipe(bytes, v.length(length));
/** A byte string of 1 to `max` bytes. */
export const bytesUpTo = (max: number) => v.pipe(bytes, v.minLength(1), v.maxLength(max));
/** Text of at most `max` UTF-16 units. */
export const textUpTo = (max: number) => v.pipe(v.string(), v.maxLength(max));
/** An integer from 0 to 2^53-1. */
export const uint = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

export const sealedBlob = bytesUpTo(256 * 1024);
export const projectId = bytesOf(32);
export const nonce = v.pipe(bytes, v.minLength(16), v.maxLength(64));
/** A record as the store holds it: its version in the clear, authenticated by the seal. */
export const sealedRecord = v.strictObject({ version: v.pipe(uint, v.minValue(1)), sealed: sealedBlob });
/** What the enclave needs of a project to act for it. */
export const projectRows = v.strictObject({ projectId, authority: sealedRecord, clientSecret: sealedBlob });
/** What the enclave needs of an account to act with it. */
export const accountRows = v.strictObject({ account: sealedRecord, walletKey: sealedBlob });
/** A client's HTTP request, byte for byte. */
export const clientRequest = v.strictObject({
  method: textUpTo(8),
  path: textUpTo(512),
  body: v.pipe(bytes, v.maxLength(MAX_FRAME_BYTES)),
  bearerToken: v.nullable(textUpTo(4096)),
  walletToken: v.nullable(textUpTo(4096)),
  /** The header `X-Second-Factor`. */
  secondFactor: v.optional(v.nullable(textUpTo(4096))),
});
/** Final bytes of the answer to a client. */
export const httpAnswer = v.strictObject({
  status: v.pipe(uint, v.minValue(200), v.maxValue(599)),
  body: v.pipe(bytes, v.maxLength(MAX_FRAME_BYTES)),
});
export const certificate = bytesUpTo(8192);

export type SealedRecord = v.InferOutput<typeof sealedRecord>;
export type ProjectRows = v.InferOutput<typeof projectRows>;
export type AccountRows = v.InferOutput<typeof accountRows>;
export type ClientRequest = v.InferOutput<typeof clientRequest>;
export const rootRecordBytes = bytesUpTo(65_536);

/** What the proxy keeps of an authority record to authenticate API keys; a cache, never an authority. */
export const projectView = v.strictObject({
  apiKeys: v.array(
    v.strictObject({
      id: textUpTo(128),
      algorithm: v.picklist(['EdDSA', 'ES256']),
      publicKey: bytesUpTo(256),
      scopes: v.array(textUpTo(64)),
      expiresAtMs: v.nullable(uint),
      allowedIps: v.array(textUpTo(49)),
    }),
  ),
  authorities: v.array(textUpTo(255)),
});
export type ProjectView = v.InferOutput<typeof projectView>;
