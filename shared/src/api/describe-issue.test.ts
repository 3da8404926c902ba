import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { describeIssue } from './describe-issue.ts';

const schema = v.strictObject({
  list: v.optional(v.array(v.strictObject({ size: v.number() }))),
  deep: v.optional(v.tuple([v.tuple([v.tuple([v.tuple([v.record(v.string(), v.number())])])])])),
  word: v.optional(v.pipe(v.string(), v.regex(/^a$/, 'A word has one letter.'))),
});

function described(body: unknown): string {
  const parsed = v.safeParse(schema, body);
  if (parsed.success) throw new Error('the body is valid');
  return describeIssue(parsed.issues[0]);
}

describe('describeIssue', () => {
  it('names the field of the schema', () => {
    expect(described({ list: [{ size: 1 }, { size: 'secret' }] })).toBe(
      'The field "list.1.size" is invalid.',
    );
  });

  it('says what the schema says', () => {
    expect(described({ word: 'secret' })).toBe('A word has one letter.');
  });

  it('keeps unknown names to itself', () => {
    const unknown = 'The request body has missing or unknown fields.';
    expect(described({ secret: 1 })).toBe(unknown);
    expect(described('secret')).toBe(unknown);
    expect(described({ deep: [[[[{ secret: 'x' }]]]] })).toBe('The field "deep.0.0.0.0" is invalid.');
  });
});
