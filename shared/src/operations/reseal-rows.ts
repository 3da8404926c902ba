import * as v from 'valibot';
import { sealedBlob } from './fields.ts';
import { defineOperation } from './operation.ts';
import { rotationRowErrors, rotationRows } from './rotation-rows.ts';

/** Seals rows of one project under the root key that seals now. Versions and digests stay; a batch opens as a whole or not at all. */
export const resealRows = defineOperation({
  name: 'reseal-rows',
  request: v.strictObject(rotationRows),
  response: v.strictObject({
    authority: sealedBlob,
    clientSecret: sealedBlob,
    importKey: v.nullable(sealedBlob),
    /** In the order of the request. */
    accounts: v.array(v.strictObject({ account: sealedBlob, walletKey: sealedBlob })),
  }),
  errors: rotationRowErrors,
  mode: 'repeatable',
});
