import { base64Of, jsonAnswer } from '../json.ts';
import { encodeCursor, pageOf } from '../page.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';

/** A page of the enclave's receipts of the project's keys that went out or came in, newest first. */
export async function listTransferReceipts(
  { principal, query }: ProjectRequest,
  { store }: Services,
): Promise<Answer> {
  const { projectId } = principal.project;
  const { rows, next } = await store.listTransferReceipts({ projectId, ...pageOf(query) });
  return jsonAnswer(200, {
    transferReceipts: rows.map(({ transfer, address, receipt, storedAtMs }) => ({
      transfer,
      address,
      storedAt: new Date(storedAtMs).toISOString(),
      receipt: base64Of(receipt),
    })),
    ...(next !== null && { nextPageToken: encodeCursor(next) }),
  });
}
