import { sql, type Transaction } from 'kysely';
import { describe, expect, it } from 'vitest';
import { archivedTables } from '../../src/backup/archived-tables.ts';
import type { Engine } from '../../src/store/engine.ts';
import type { StoreLocation } from '../../src/store/open-store.ts';
import { closeEngines, type Engines, openEngines, openStore } from '../../src/store/open-store.ts';

// biome-ignore lint/suspicious/noExplicitAny: catalogues and tables that no schema of this store describes
type AnyTransaction = Transaction<any>;

/** What a backup leaves out on purpose: each needs a reason, which stands where `archivedTables` is. */
const LEFT_OUT = ['nonce_lease', 'request_count', 'restore', 'strongroom_database'];

function inside<T>(engine: unknown, act: (transaction: AnyTransaction) => Promise<T>): Promise<T> {
  return (engine as Engine<Record<string, Record<string, unknown>>>).transaction(act);
}

/** Tables and columns as the database itself names them: not by the query builder that the product asks. */
async function liveTables(engine: Engines[keyof Engines]): Promise<Map<string, string[]>> {
  const query =
    engine.dialect === 'sqlite'
      ? sql<Column>`select m.name as "table", c.name as "column" from sqlite_schema m, pragma_table_info(m.name) c
          where m.type = 'table' and m.name not like 'sqlite_%'`
      : sql<Column>`select table_name as "table", column_name as "column" from information_schema.columns
          where table_schema = 'public'`;
  const { rows } = await inside(engine, (transaction) => query.execute(transaction));
  const tables = new Map<string, string[]>();
  for (const { table, column } of rows) tables.set(table, [...(tables.get(table) ?? []), column].toSorted());
  return tables;
}
interface Column {
  readonly table: string;
  readonly column: string;
}

/** Every column of every table of both databases is in a backup, but for those that are left out by name. */
export function describeArchivedTables(name: string, create: () => Promise<StoreLocation>): void {
  async function withEngines(act: (engines: Engines) => Promise<void>): Promise<void> {
    const location = await create();
    await (await openStore(location)).close();
    const engines = openEngines(location);
    try {
      await act(engines);
    } finally {
      await closeEngines(engines);
    }
  }

  describe(`the tables of a backup of ${name}`, () => {
    it('are those of the live databases, with all their columns', () =>
      withEngines(async (engines) => {
        const archived = await archivedTables(engines.primary, engines.vault);
        for (const database of ['primary', 'vault'] as const) {
          const live = await liveTables(engines[database]);
          for (const table of LEFT_OUT) live.delete(table);
          const own = archived.filter((table) => table.database === database);
          expect(own.map(({ table }) => table).toSorted()).toEqual([...live.keys()].toSorted());
          for (const { table, columns } of own) expect(columns.toSorted()).toEqual(live.get(table));
        }
      }));

    it.each(['primary', 'vault'] as const)('are refused when a migration of the %s adds one', (database) =>
      withEngines(async (engines) => {
        await inside(engines[database], (transaction) =>
          transaction.schema.createTable('forgotten').addColumn('id', 'integer').execute(),
        );
        await expect(archivedTables(engines.primary, engines.vault)).rejects.toMatchObject({
          code: 'BACKUP_SCHEMA',
        });
      }),
    );
  });
}
