import * as v from 'valibot';
import { bytesUpTo, certificate, projectId, projectView, sealedBlob, sealedRecord } from './fields.ts';
import { defineOperation } from './operation.ts';

/** Turns a genesis signed by its Wallet Secret into a sealed authority record, a client secret and a certificate. */
export const createProject = defineOperation({
  name: 'create-project',
  request: v.strictObject({ genesis: bytesUpTo(65_536) }),
  response: v.strictObject({
    projectId,
    authority: sealedRecord,
    clientSecret: sealedBlob,
    certificate,
    view: projectView,
  }),
  errors: ['PROJECT_GENESIS_REFUSED', 'PROJECT_NONCE_REFUSED'],
  mode: 'once',
});
