import { describeIssue } from '@strongroom/shared/api/describe-issue';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { JsonValue } from '@strongroom/shared/json/json-value';
import * as v from 'valibot';

/**
 * Validates a verified body.
 * @throws OperationError INVALID_REQUEST, whose message names a field of the schema, never a value; MALFORMED_TRANSACTION when a
 * transaction is not even spelled as one
 */
export function parseBody<S extends v.GenericSchema>(schema: S, body: JsonValue): v.InferOutput<S> {
  // An array would pass for an object in which nothing is set.
  const parsed = v.safeParse(schema, Array.isArray(body) ? null : body);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  if (v.getDotPath(issue) === 'transaction' && issue.type === 'regex')
    throw new OperationError('MALFORMED_TRANSACTION');
  throw new OperationError('INVALID_REQUEST', { clientMessage: describeIssue(issue) });
}
