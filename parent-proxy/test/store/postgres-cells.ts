import { Client } from 'pg';

/** A value, and the table and column that it is in. */
export interface Cell {
  readonly where: string;
  readonly bytes: Buffer;
}

/** Every value of every table of a database. */
export async function cells(url: string): Promise<Cell[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const found: Cell[] = [];
  const tables = await client.query("select tablename from pg_tables where schemaname = 'public'");
  for (const { tablename } of tables.rows as { tablename: string }[]) {
    for (const row of (await client.query(`select * from "${tablename}"`)).rows)
      for (const [column, value] of Object.entries(row as object)) {
        const bytes = Buffer.isBuffer(value) ? value : Buffer.from(String(value));
        found.push({ where: `${tablename}.${column}`, bytes });
      }
  }
  await client.end();
  return found;
}
