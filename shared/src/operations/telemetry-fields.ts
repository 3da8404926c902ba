import * as v from 'valibot';
import { ERROR_CODES } from '../error-code.ts';

/** A name of the registry. Spelled as text, since the registry holds the contracts that use it; whoever reads it looks it up there. */
export const operationName = v.pipe(v.string(), v.maxLength(64), v.regex(/^[a-z]+(?:-[a-z]+)*$/));
export const errorCode = v.picklist(ERROR_CODES);
/** How a call ended. */
export const outcome = v.picklist(['OK', ...ERROR_CODES]);

/** What the enclave asks of KMS. `CheckKey` stands for DescribeKey, GetKeyPolicy and ListGrants. */
export const KMS_CALLS = ['GenerateDataKey', 'Decrypt', 'CheckKey'] as const;
export type KmsCall = (typeof KMS_CALLS)[number];
export const kmsCall = v.picklist(KMS_CALLS);
