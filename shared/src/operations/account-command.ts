import * as v from 'valibot';
import { CLIENT_ERROR_CODES, type ErrorCode } from '../error-code.ts';
import {
  accountRows,
  bytesOf,
  bytesUpTo,
  certificate,
  clientRequest,
  httpAnswer,
  projectRows,
  projectView,
  sealedBlob,
  sealedRecord,
  textUpTo,
  uint,
} from './fields.ts';

/** What every operation on behalf of a client's wallet-authenticated request can be refused with. */
export const accountCommandErrors: readonly ErrorCode[] = [
  ...CLIENT_ERROR_CODES,
  'SEALED_BLOB_REFUSED',
  'RECORD_OLDER_VERSION',
  'RECORD_FORKED',
  'RECORD_MISMATCH',
  'MARK_TABLE_FULL',
  'OPERATION_MISMATCH',
  'REPLAY_TABLE_FULL',
  'POLICY_DOCUMENT_REFUSED',
];

/** Documents of the policies that the project's and the account's record name; the enclave knows their digests. */
const policyDocument = bytesUpTo(262_144);
export const policyDocuments = v.optional(v.pipe(v.array(policyDocument), v.maxLength(8)), []);

/** Signing needs the project, the account, its wallet key and the policies; the answer is final. */
export const signRequest = v.strictObject({
  client: clientRequest,
  project: projectRows,
  rows: accountRows,
  policies: policyDocuments,
});
export const signResponse = httpAnswer;

/**
 * Creating needs the project alone. With `existing`, the account that an earlier request of the same idempotency key made:
 * the request is verified again and answered with that account.
 */
export const createRequest = v.strictObject({
  client: clientRequest,
  project: projectRows,
  existing: v.nullable(v.strictObject({ address: textUpTo(64), account: sealedRecord })),
});

/** The columns that the store keeps in the clear beside the sealed account record. */
export const accountView = v.strictObject({
  address: textUpTo(64),
  name: v.nullable(textUpTo(36)),
  policyId: v.nullable(textUpTo(36)),
  createdAtMs: uint,
  updatedAtMs: uint,
  certificate,
});

/** The answer and, unless an existing account was asked for, the new rows. `answer` may be sent only after they are durable. */
export const createResponse = v.strictObject({
  answer: httpAnswer,
  created: v.nullable(
    v.strictObject({ account: sealedRecord, vaultId: bytesOf(16), walletKey: sealedBlob, view: accountView }),
  ),
});

/** Signed by the enclave, to be durable before the key or the answer leaves. Enclaves of earlier releases send none; the proxy refuses then. */
const transferReceipt = v.optional(certificate);
/** An import is receipted when it makes an account, not when the answer to it is repeated. */
export const importResponse = v.strictObject({ ...createResponse.entries, receipt: transferReceipt });
export const exportResponse = v.strictObject({ ...httpAnswer.entries, receipt: transferReceipt });

/** Updating needs the account's record, not its key. */
export const updateRequest = v.strictObject({
  client: clientRequest,
  project: projectRows,
  account: sealedRecord,
});
export const updateResponse = v.strictObject({
  answer: httpAnswer,
  account: sealedRecord,
  view: accountView,
});

/** Importing needs the project's sealed import key, and what an earlier request of the same idempotency key made. */
export const importRequest = v.strictObject({ ...createRequest.entries, importKey: sealedBlob });

/** Exporting names the account by address or, with the path's name, by the address that the store has for it. */
export const exportRequest = v.strictObject({
  client: clientRequest,
  project: projectRows,
  address: textUpTo(64),
  rows: accountRows,
});

/** A change of the project's record. */
export const policyRequest = v.strictObject({ client: clientRequest, project: projectRows });
/** The same, with the document that the change replaces. */
export const policyChangeRequest = v.strictObject({ ...policyRequest.entries, document: policyDocument });

/** The record's next version; `answer` may be sent only after it is durable. */
export const authorityResponse = v.strictObject({
  answer: httpAnswer,
  authority: sealedRecord,
  view: projectView,
});

/** The same, with the policy's document: null when the policy is gone. */
export const policyResponse = v.strictObject({
  ...authorityResponse.entries,
  policy: v.strictObject({
    id: textUpTo(36),
    scope: v.picklist(['project', 'account']),
    version: uint,
    /** UTF-8 JSON as the API shows it; its SHA-256 is in the record. */
    document: v.nullable(policyDocument),
  }),
});

/** A dry run needs the documents of the policies that it is to ask. */
export const evaluateRequest = v.strictObject({
  client: clientRequest,
  project: projectRows,
  account: v.nullable(v.strictObject({ address: textUpTo(64), account: sealedRecord })),
  policies: policyDocuments,
});

export type AccountView = v.InferOutput<typeof accountView>;
