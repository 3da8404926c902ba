import { OPEN_STATES } from '@strongroom/chain-relay/outbox-store';
import { type SqlBool, sql } from 'kysely';
import { type Engine, prepareRead } from './engine.ts';
import type { PrimarySchema } from './schema.ts';

/** How many transactions of the outbox are not settled: durable and not sent, and sent and not final. */
export type OutboxDepth = Readonly<Record<(typeof OPEN_STATES)[number], number>>;

/** What is left to do, for an operator to watch. */
export interface BacklogStore {
  countOutbox(): Promise<OutboxDepth>;
  /** Projects and accounts whose rows in the primary database are sealed under another generation. It reads every row. */
  countOtherGeneration(generation: number): Promise<number>;
}

type OfGeneration = { readonly prefix: Uint8Array };

export function backlogVerbs(primary: Engine<PrimarySchema>): BacklogStore {
  const readDepth = prepareRead(primary, 'outbox_depth', (builder) =>
    builder
      .selectFrom('outbox')
      .select(['state', (eb) => eb.fn.countAll<number>().as('entries')])
      .where('state', 'in', OPEN_STATES)
      .groupBy('state'),
  );
  const countProjects = prepareRead(primary, 'projects_of_other_generation', (builder, args: OfGeneration) =>
    builder
      .selectFrom('project')
      .select((eb) => eb.fn.countAll<number>().as('rows'))
      .where(isOther('authority_sealed', args)),
  );
  const countAccounts = prepareRead(primary, 'accounts_of_other_generation', (builder, args: OfGeneration) =>
    builder
      .selectFrom('account')
      .select((eb) => eb.fn.countAll<number>().as('rows'))
      .where(isOther('record_sealed', args)),
  );
  return {
    async countOutbox() {
      const depth = { stored: 0, broadcast: 0 };
      for (const { state, entries } of await readDepth({})) {
        if (state === 'stored' || state === 'broadcast') depth[state] = Number(entries);
      }
      return depth;
    },
    async countOtherGeneration(generation) {
      const prefix = Buffer.alloc(4);
      prefix.writeUInt32BE(generation);
      const [projects] = await countProjects({ prefix });
      const [accounts] = await countAccounts({ prefix });
      return Number(projects?.rows ?? 0) + Number(accounts?.rows ?? 0);
    },
  };
}

/** A blob begins with its kind and, in four bytes, the generation (keys/seal.ts of the enclave). */
function isOther(column: string, { prefix }: OfGeneration) {
  return sql<SqlBool>`substr(${sql.ref(column)}, 2, 4) <> ${prefix}`;
}
