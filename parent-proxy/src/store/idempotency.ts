import { randomBytes } from 'node:crypto';
import type { ExpressionBuilder, Transaction } from 'kysely';
import type { Engine } from './engine.ts';
import type {
  DoneRequest,
  IdempotencyClaim,
  IdempotencyOutcome,
  IdempotentRequest,
} from './idempotency-store.ts';
import type { IdempotencyTable, PrimarySchema } from './schema.ts';
import type { Store } from './store.ts';

const LIFE_MS = 24 * 60 * 60_000;
/** Longer than any request takes: a claim that is older belongs to a proxy that died. */
const CLAIM_LIFE_MS = 90_000;

type IdempotencyVerbs = Pick<
  Store,
  | 'claimIdempotencyKey'
  | 'finishIdempotentRequest'
  | 'abandonIdempotentRequest'
  | 'removeExpiredIdempotencyKeys'
>;

export function idempotencyVerbs(primary: Engine<PrimarySchema>): IdempotencyVerbs {
  return {
    claimIdempotencyKey: (request, nowMs) =>
      primary.transaction((transaction) => claim(transaction, request, nowMs)),
    async finishIdempotentRequest(held) {
      await primary.transaction((transaction) => finishClaim(transaction, held, null));
    },
    async abandonIdempotentRequest({ request, attempt }) {
      await primary.transaction((transaction) =>
        transaction
          .deleteFrom('idempotency')
          .where(inScope(request))
          .where('attempt', '=', attempt)
          .where('state', '=', 'in-progress')
          .execute(),
      );
    },
    removeExpiredIdempotencyKeys: (nowMs) =>
      primary.transaction(async (transaction) => {
        const removal = transaction.deleteFrom('idempotency').where('expires_at_ms', '<=', nowMs);
        return Number((await removal.executeTakeFirst()).numDeletedRows);
      }),
  };
}

async function claim(
  transaction: Transaction<PrimarySchema>,
  request: IdempotentRequest,
  nowMs: number,
): Promise<IdempotencyOutcome> {
  const attempt = randomBytes(16);
  const row: IdempotencyTable = {
    project_id: request.projectId,
    method: request.method,
    path: request.path,
    idempotency_key: request.key,
    fingerprint: request.fingerprint,
    state: 'in-progress',
    attempt,
    made_id: null,
    answer_status: null,
    answer_body: null,
    started_at_ms: nowMs,
    expires_at_ms: nowMs + LIFE_MS,
  };
  await transaction
    .deleteFrom('idempotency')
    .where(inScope(request))
    .where('expires_at_ms', '<=', nowMs)
    .execute();
  const inserted = await transaction
    .insertInto('idempotency')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst();
  if (inserted.numInsertedOrUpdatedRows === 1n) return { kind: 'claimed', claim: { request, attempt } };
  return await claimHeld(transaction, request, { attempt, nowMs });
}

async function claimHeld(
  transaction: Transaction<PrimarySchema>,
  request: IdempotentRequest,
  { attempt, nowMs }: { readonly attempt: Uint8Array; readonly nowMs: number },
): Promise<IdempotencyOutcome> {
  const held = await transaction
    .selectFrom('idempotency')
    .where(inScope(request))
    .select(['fingerprint', 'state', 'attempt', 'made_id', 'answer_status', 'answer_body', 'started_at_ms'])
    .executeTakeFirst();
  if (held === undefined) return { kind: 'in-progress' };
  if (!Buffer.from(held.fingerprint).equals(request.fingerprint)) return { kind: 'mismatch' };
  if (held.state === 'done') return { kind: 'repeated', done: toDone(held) };
  if (held.started_at_ms > nowMs - CLAIM_LIFE_MS) return { kind: 'in-progress' };
  const taken = await transaction
    .updateTable('idempotency')
    .where(inScope(request))
    .set({ attempt, started_at_ms: nowMs })
    .where('attempt', '=', held.attempt)
    .executeTakeFirst();
  return taken.numUpdatedRows === 1n
    ? { kind: 'claimed', claim: { request, attempt } }
    : { kind: 'in-progress' };
}

function toDone({
  made_id,
  answer_status,
  answer_body,
}: Pick<IdempotencyTable, 'made_id' | 'answer_status' | 'answer_body'>): DoneRequest {
  const isKept = answer_status !== null && answer_body !== null;
  return { madeId: made_id, answer: isKept ? { status: answer_status, body: answer_body } : null };
}

/** Marks a claim done within the transaction that does the work; false when another attempt has taken it over. */
export async function finishClaim(
  transaction: Transaction<PrimarySchema>,
  { request, attempt, answer }: IdempotencyClaim,
  madeId: string | null,
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('idempotency')
    .where(inScope(request))
    .set({
      state: 'done',
      made_id: madeId,
      answer_status: answer?.status ?? null,
      answer_body: answer?.body ?? null,
    })
    .where('attempt', '=', attempt)
    .where('state', '=', 'in-progress')
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** The row of one key of one route of one project. */
function inScope({ projectId, method, path, key }: IdempotentRequest) {
  return (expression: ExpressionBuilder<PrimarySchema, 'idempotency'>) =>
    expression.and({ project_id: projectId, idempotency_key: key, method, path });
}
