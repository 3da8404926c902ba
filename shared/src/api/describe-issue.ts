import type * as v from 'valibot';

/** As far as `rules.0.criteria.0.operator`; below, names of types and functions are the client's. */
const NAMED_DEPTH = 5;

/** What a client is told of a body that a schema refused: one of our own sentences, or the name of a field; never a value. */
export function describeIssue(issue: v.BaseIssue<unknown>): string {
  if (!issue.message.startsWith('Invalid ')) return issue.message;
  const path = (issue.path ?? []).slice(0, NAMED_DEPTH).map(({ key }) => String(key));
  // The key of an unknown field is input.
  if (issue.type === 'strict_object' || path.length === 0)
    return 'The request body has missing or unknown fields.';
  return `The field "${path.join('.')}" is invalid.`;
}
