import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { toJsonSchema } from './json-schema.ts';

const named = v.strictObject({ a: v.string() });
const convert = (schema: v.GenericSchema) =>
  toJsonSchema(schema, (each) => (each === named ? 'Named' : undefined));

describe('toJsonSchema', () => {
  it.each<[string, v.GenericSchema, object]>([
    ['text', v.string(), { type: 'string' }],
    [
      'bounded text',
      v.pipe(v.string(), v.minLength(1), v.maxLength(5), v.regex(/^a+$/), v.description('As.')),
      { type: 'string', minLength: 1, maxLength: 5, pattern: '^a+$', description: 'As.' },
    ],
    ['time', v.pipe(v.string(), v.isoTimestamp()), { type: 'string', format: 'date-time' }],
    [
      'integers',
      v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(9)),
      { type: 'integer', minimum: 1, maximum: 9 },
    ],
    ['what may be null', v.nullable(v.string()), { anyOf: [{ type: 'string' }, { type: 'null' }] }],
    ['a literal', v.literal('x'), { const: 'x' }],
    ['a list of words', v.picklist(['a', 'b']), { type: 'string', enum: ['a', 'b'] }],
    [
      'an array of fixed length',
      v.pipe(v.array(v.boolean()), v.length(2)),
      { type: 'array', items: { type: 'boolean' }, minItems: 2, maxItems: 2 },
    ],
    [
      'a record',
      v.record(v.string(), v.string()),
      { type: 'object', additionalProperties: { type: 'string' } },
    ],
    [
      'an object',
      v.strictObject({ a: v.string(), b: v.optional(v.string(), 'x') }),
      {
        type: 'object',
        properties: { a: { type: 'string' }, b: { type: 'string', default: 'x' } },
        required: ['a'],
        additionalProperties: false,
      },
    ],
    ['an open object', v.looseObject({}), { type: 'object', properties: {}, additionalProperties: true }],
    [
      'a choice',
      v.variant('type', [v.strictObject({ type: v.literal('a') }), named as never]),
      {
        anyOf: [
          {
            type: 'object',
            properties: { type: { const: 'a' } },
            required: ['type'],
            additionalProperties: false,
          },
          { $ref: '#/components/schemas/Named' },
        ],
      },
    ],
    ['a component', v.array(named), { type: 'array', items: { $ref: '#/components/schemas/Named' } }],
  ])('describes %s', (_name, schema, expected) => {
    expect(convert(schema)).toEqual(expected);
  });

  it('fails for what it cannot describe', () => {
    expect(() => convert(v.date())).toThrow('no JSON Schema for date');
    expect(() => convert(v.pipe(v.string(), v.trim()))).toThrow('no JSON Schema for the action trim');
  });
});
