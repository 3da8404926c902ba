import * as v from 'valibot';

/** A receipt as it is listed. What stands beside it is for people; `receipt` alone is signed. */
export const transferReceiptBody = v.strictObject({
  transfer: v.picklist(['export', 'import']),
  address: v.string(),
  storedAt: v.pipe(v.string(), v.description('ISO 8601, by the clock of the proxy.')),
  receipt: v.pipe(v.string(), v.description('COSE_Sign1 by the identity key of the deployment, base64.')),
});
