import type * as v from 'valibot';

interface Described {
  readonly type: string;
  readonly entries?: Record<string, Described>;
  readonly item?: Described;
  readonly wrapped?: Described;
  readonly options?: readonly (Described | string)[];
  readonly literal?: unknown;
  readonly pipe?: readonly { readonly type: string; readonly requirement?: unknown }[];
}

/** A value that a message schema accepts, always the same: lengths at their least, numbers small, lists of one. */
export function sampleOf(schema: v.GenericSchema): unknown {
  return sample(schema as unknown as Described);
}

function sample(schema: Described): unknown {
  const requirement = (type: string) =>
    schema.pipe?.find((action) => action.type === type)?.requirement as number | undefined;
  switch (schema.type) {
    case 'strict_object':
      return Object.fromEntries(
        Object.entries(schema.entries ?? {}).map(([name, field]) => [name, sample(field)]),
      );
    case 'array':
      return [sample(schema.item as Described)];
    case 'nullable':
    case 'optional':
      return sample(schema.wrapped as Described);
    case 'picklist':
      return schema.options?.[0];
    case 'variant':
      return sample(schema.options?.[0] as Described);
    case 'literal':
      return schema.literal;
    case 'boolean':
      return true;
    case 'string':
      return 'text';
    case 'number':
      return requirement('min_value') ?? 7;
    case 'custom':
      return new Uint8Array(requirement('length') ?? requirement('min_length') ?? 3).fill(0xab);
    default:
      throw new Error(`no sample of ${schema.type}`);
  }
}
