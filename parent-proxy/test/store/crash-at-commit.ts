// Loaded before a process of the service (`--import`): kills a process when the store comes to a commit that the test has named. The
// production code knows nothing of it: it sits in the two drivers.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Client } from 'pg';

/** Which commit, counted from when the point is set. */
export interface CrashPoint {
  /** Another one for each point. */
  readonly id: string;
  readonly commit: number;
  readonly when: 'before' | 'after';
  /** Process id; null for the process that commits. */
  readonly victim: number | null;
}

/** Where a process looks for the crash point that its parent has set. */
export function crashPointFile(parentPid: number): string {
  return join(tmpdir(), `strongroom-crash-point-${parentPid}.json`);
}

const WRITE = /^\s*(?:insert into|update|delete from) "(\w+)"/i;
/** Written now and then beside what is asked for; a notice is kept with a change of its project, which counts. */
const BESIDES: ReadonlySet<string> = new Set(['request_count', 'api_key', 'nonce_lease', 'recovery_notice']);
const file = crashPointFile(process.ppid);
const writing = new WeakSet<object>();
let counted = { id: '', commits: 0 };

/** Takes note of a statement, and says whether it commits something. */
function isCommit(connection: object, sql: string): boolean {
  const table = WRITE.exec(sql)?.[1];
  if (table !== undefined && !BESIDES.has(table)) writing.add(connection);
  if (!/^(?:begin|start|commit|rollback)/i.test(sql)) return false;
  const isWriting = writing.delete(connection);
  return isWriting && /^commit/i.test(sql) && existsSync(file);
}

function reach(when: CrashPoint['when']): void {
  if (!existsSync(file)) return;
  const point = JSON.parse(readFileSync(file, 'utf8')) as CrashPoint;
  if (point.id !== counted.id) counted = { id: point.id, commits: 0 };
  if (when === 'before') counted.commits += 1;
  if (counted.commits !== point.commit || when !== point.when) return;
  rmSync(file);
  process.kill(point.victim ?? process.pid, 'SIGKILL');
}

const prepare = DatabaseSync.prototype.prepare;
DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql: string) {
  const statement = prepare.call(this, sql);
  for (const verb of ['run', 'all'] as const) {
    const act = statement[verb].bind(statement) as (...values: never[]) => unknown;
    Object.defineProperty(statement, verb, {
      value: (...values: never[]) => {
        const commitsNow = isCommit(this, sql);
        if (commitsNow) reach('before');
        const result = act(...values);
        if (commitsNow) reach('after');
        return result;
      },
    });
  }
  return statement;
};

const query = Client.prototype.query as (...values: unknown[]) => unknown;
Client.prototype.query = async function (this: object, sql: unknown, ...rest: unknown[]) {
  const commitsNow = typeof sql === 'string' && isCommit(this, sql);
  if (commitsNow) reach('before');
  const result = await query.call(this, sql, ...rest);
  if (commitsNow) reach('after');
  return result;
} as never;
