// TRUST BOUNDARY: JSON that the parent presents beside a request.
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { JsonError } from '@strongroom/shared/json/json-error';
import { type JsonValue, toJsonValue } from '@strongroom/shared/json/json-value';
import { parseJson } from '@strongroom/shared/json/parse-json';

/** @throws OperationError MALFORMED_JSON */
export function readPresentedJson(bytes: Uint8Array): JsonValue {
  try {
    return toJsonValue(parseJson(bytes));
  } catch (cause) {
    if (cause instanceof JsonError) throw new OperationError('MALFORMED_JSON', { cause });
    throw cause;
  }
}
