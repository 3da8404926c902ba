import * as v from 'valibot';
import { bytesUpTo, certificate, projectRows, sealedBlob } from './fields.ts';
import { defineOperation } from './operation.ts';

/** The public key to which clients of a project encrypt keys that they import; made at first need. */
export const getImportKey = defineOperation({
  name: 'get-import-key',
  request: v.strictObject({ project: projectRows, importKey: v.nullable(sealedBlob) }),
  response: v.strictObject({
    /** SubjectPublicKeyInfo of an RSA-4096 key, DER. */
    publicKey: bytesUpTo(1024),
    certificate,
    /** A new sealed key to store, if there was none; of two that race the stored one counts. */
    created: v.nullable(sealedBlob),
  }),
  errors: [
    'SEALED_BLOB_REFUSED',
    'RECORD_OLDER_VERSION',
    'RECORD_FORKED',
    'RECORD_MISMATCH',
    'MARK_TABLE_FULL',
  ],
  mode: 'repeatable',
});
