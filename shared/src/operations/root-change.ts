import * as v from 'valibot';
import type { ErrorCode } from '../error-code.ts';
import { rootRecordBytes, textUpTo } from './fields.ts';

/** KMS keys of the measured configuration that wrap; null for all of them. */
export const wrappingRequest = v.strictObject({
  keyArns: v.nullable(v.pipe(v.array(textUpTo(256)), v.minLength(1), v.maxLength(4))),
});
/** The next version of the root record: it counts once it is stored in the place of the last one, and loaded. */
export const rootChangeResponse = v.strictObject({ rootRecord: rootRecordBytes });
export const wrappingErrors: readonly ErrorCode[] = [
  'ROTATION_REFUSED',
  'CREDENTIALS_MISSING',
  'KMS_UNREACHABLE',
  'KMS_DENIED',
  'KMS_ANSWER_REFUSED',
  'KMS_KEY_REFUSED',
];
