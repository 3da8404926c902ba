import type * as v from 'valibot';

/** A schema of JSON Schema draft 2020-12, which OpenAPI 3.1 uses. */
export type JsonSchema = { readonly [keyword: string]: unknown };
type Schema = v.GenericSchema;

/** What valibot's schemas and actions of all the kinds that our API uses say of themselves. */
interface Described {
  readonly type: string;
  readonly pipe?: readonly Described[];
  readonly entries?: Readonly<Record<string, Schema>>;
  readonly item?: Schema;
  readonly value?: Schema;
  readonly wrapped?: Schema;
  readonly default?: unknown;
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
  readonly requirement?: unknown;
  readonly description?: string;
}

/**
 * Turns the schema that validates into the one that documents.
 * @param nameOf gives the component's name for schemas that are shown by reference
 * @throws Error for a kind of schema or action that has no counterpart here: whoever adds one to the API learns of it from a test
 */
export function toJsonSchema(schema: Schema, nameOf: (schema: Schema) => string | undefined): JsonSchema {
  const name = nameOf(schema);
  return name === undefined ? describe(schema, nameOf) : { $ref: `#/components/schemas/${name}` };
}

/** The same for the component itself. */
export function describe(schema: Schema, nameOf: (schema: Schema) => string | undefined): JsonSchema {
  const described = schema as unknown as Described;
  const [, ...actions] = described.pipe ?? [];
  const base = describeKind(described, (inner) => toJsonSchema(inner, nameOf));
  return Object.assign({}, base, ...actions.map((action) => describeAction(action, described.type)));
}

type Convert = (schema: Schema) => JsonSchema;

function describeKind(schema: Described, convert: Convert): JsonSchema {
  const { type, item, value, wrapped, options = [], literal } = schema;
  switch (type) {
    case 'string':
    case 'number':
    case 'boolean':
      return { type };
    case 'literal':
      return { const: literal };
    case 'picklist':
      return { type: 'string', enum: options };
    case 'array':
      return { type, items: convert(item as Schema) };
    case 'record':
      return { type: 'object', additionalProperties: convert(value as Schema) };
    case 'strict_object':
    case 'loose_object':
      return describeObject(schema, convert);
    case 'optional':
      return {
        ...convert(wrapped as Schema),
        ...(schema.default !== undefined && { default: schema.default }),
      };
    case 'nullable':
      return { anyOf: [convert(wrapped as Schema), { type: 'null' }] };
    case 'union':
    case 'variant':
      return { anyOf: options.map((option) => convert(option as Schema)) };
    default:
      throw new Error(`no JSON Schema for ${type}`);
  }
}

function describeObject({ type, entries = {} }: Described, convert: Convert): JsonSchema {
  const members = Object.entries(entries);
  const required = members.filter(([, member]) => member.type !== 'optional').map(([name]) => name);
  return {
    type: 'object',
    properties: Object.fromEntries(members.map(([name, member]) => [name, convert(member)])),
    ...(required.length > 0 && { required }),
    additionalProperties: type === 'loose_object',
  };
}

function describeAction({ type, requirement, description }: Described, kind: string): JsonSchema {
  const ofKind = (keyword: string) => (kind === 'array' ? `${keyword}Items` : `${keyword}Length`);
  switch (type) {
    case 'description':
      return { description };
    case 'regex':
      return { pattern: (requirement as RegExp).source };
    case 'iso_timestamp':
      return { format: 'date-time' };
    case 'to_lower_case':
      return {};
    case 'min_length':
      return { [ofKind('min')]: requirement };
    case 'max_length':
      return { [ofKind('max')]: requirement };
    case 'length':
      return { [ofKind('min')]: requirement, [ofKind('max')]: requirement };
    case 'min_value':
      return { minimum: requirement };
    case 'max_value':
      return { maximum: requirement };
    case 'integer':
    case 'safe_integer':
      return { type: 'integer' };
    default:
      throw new Error(`no JSON Schema for the action ${type}`);
  }
}
