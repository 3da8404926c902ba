import type { Transaction } from 'kysely';
import { type Engine, prepareRead } from './engine.ts';
import type { RecoveryEvent, RecoveryNoticeStore } from './recovery-notice-store.ts';
import type { PrimarySchema, RecoveryNoticeTable } from './schema.ts';

type Builder = Engine<PrimarySchema>['builder'];

const MAX_TAKEN = 16;

export function recoveryNoticeVerbs(primary: Engine<PrimarySchema>): RecoveryNoticeStore {
  const dueRows = prepareRead(primary, 'recovery-notices-due', (db: Builder, now: { nowMs: number }) =>
    db
      .selectFrom('recovery_notice')
      .where('due_at_ms', '<=', now.nowMs)
      .orderBy('due_at_ms')
      .limit(MAX_TAKEN)
      .selectAll(),
  );
  return {
    async takeUpRecoveryNotices(nowMs, dueAgainAtMs) {
      const taken = [];
      for (const row of await dueRows({ nowMs })) {
        const attempts = row.attempts + 1;
        const isOurs = await primary.transaction((transaction) =>
          takeUp(transaction, row, { attempts, due_at_ms: dueAgainAtMs(attempts) }),
        );
        if (isOurs) taken.push({ notice: toEvent(row), attempts });
      }
      return taken;
    },
    async removeRecoveryNotice({ projectId, recoveryId, event }) {
      await primary.transaction((transaction) =>
        transaction
          .deleteFrom('recovery_notice')
          .where('project_id', '=', Buffer.from(projectId, 'hex'))
          .where('recovery_id', '=', recoveryId)
          .where('event', '=', event)
          .execute(),
      );
    },
  };
}

/** Inside the transaction of the record's change. */
export async function insertRecoveryNotice(
  transaction: Transaction<PrimarySchema>,
  { projectId, recoveryId, event, completableAt }: RecoveryEvent,
  dueAtMs: number,
): Promise<void> {
  await transaction
    .insertInto('recovery_notice')
    .values({
      project_id: Buffer.from(projectId, 'hex'),
      recovery_id: recoveryId,
      event,
      completable_at: completableAt,
      attempts: 0,
      due_at_ms: dueAtMs,
    })
    .execute();
}

/** Whether nobody took the row up since it was read. */
async function takeUp(
  transaction: Transaction<PrimarySchema>,
  { project_id, recovery_id, event, attempts }: RecoveryNoticeTable,
  next: Pick<RecoveryNoticeTable, 'attempts' | 'due_at_ms'>,
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('recovery_notice')
    .set(next)
    .where('project_id', '=', project_id)
    .where('recovery_id', '=', recovery_id)
    .where('event', '=', event)
    .where('attempts', '=', attempts)
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

function toEvent({ project_id, recovery_id, event, completable_at }: RecoveryNoticeTable): RecoveryEvent {
  return {
    event,
    projectId: Buffer.from(project_id).toString('hex'),
    recoveryId: recovery_id,
    completableAt: completable_at,
  };
}
