import { accountBody } from '@strongroom/shared/api/account-body';
import type { ChainApi } from '../chain-api.ts';
import { jsonAnswer } from '../json.ts';
import { encodeCursor, pageOf } from '../page.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';

/** A page of the project's accounts, newest first. */
export function listAccounts({ family }: ChainApi) {
  return async ({ principal, query }: ProjectRequest, { store }: Services): Promise<Answer> => {
    const { projectId } = principal.project;
    const { rows, next } = await store.listAccounts({ projectId, family, ...pageOf(query) });
    return jsonAnswer(200, {
      accounts: rows.map((account) => accountBody(account, principal.projectPolicyId)),
      ...(next !== null && { nextPageToken: encodeCursor(next) }),
    });
  };
}
