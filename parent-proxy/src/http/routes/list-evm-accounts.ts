import { accountBody } from '@strongroom/shared/api/account-body';
import { jsonAnswer } from '../json.ts';
import { encodeCursor, pageOf } from '../page.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';

/** A page of the project's accounts, newest first. */
export async function listEvmAccounts(
  { principal, query }: ProjectRequest,
  { store }: Services,
): Promise<Answer> {
  const { projectId } = principal.project;
  const { accounts, next } = await store.listAccounts({ projectId, family: 'evm', ...pageOf(query) });
  return jsonAnswer(200, {
    accounts: accounts.map((account) => accountBody(account, null)),
    ...(next !== null && { nextPageToken: encodeCursor(next) }),
  });
}
