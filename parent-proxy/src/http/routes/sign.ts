import { accountKeyOf } from '../account.ts';
import type { ChainApi, SignOperation } from '../chain-api.ts';
import { idempotently } from '../idempotency.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';
import { withSigningRows } from '../signing-rows.ts';
import { actorOf, clientRequestOf } from '../wallet-request.ts';

/** Makes the route of one signing operation. The enclave verifies, decides, signs and writes the answer; nothing is kept here. */
export function sign(api: ChainApi, operation: SignOperation) {
  return (request: ProjectRequest, services: Services): Promise<Answer> =>
    idempotently(request, services, async ({ claim }) => {
      const key = accountKeyOf(api, request);
      const client = clientRequestOf(request);
      const answer = await withSigningRows({ api, key, request }, services, ({ project, rows, policies }) =>
        services.enclave.call(operation, { client, project, rows, policies: [...policies] }),
      );
      if (claim !== null) await services.store.finishIdempotentRequest(claim);
      services.audit.signed(actorOf(request), operation.name, key.address);
      return answer;
    });
}
