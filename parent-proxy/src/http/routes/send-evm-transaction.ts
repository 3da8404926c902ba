import { sendEvm } from '@strongroom/chain-relay/evm/send';
import { EVM_SEND_NETWORKS } from '@strongroom/shared/api/networks';
import {
  type EvmProposal,
  sendEvmTransaction as operation,
} from '@strongroom/shared/operations/send-evm-transaction';
import { accountKeyOf } from '../account.ts';
import { EVM_API } from '../chain-api.ts';
import { idempotently } from '../idempotency.ts';
import { keeperOf, readSendBody, sendAgain } from '../kept-transaction.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';
import { withSigningRows } from '../signing-rows.ts';
import { actorOf, clientRequestOf } from '../wallet-request.ts';

/** Has a transaction completed, signed, stored and broadcast; a repeated request leads to the same one. */
export async function sendEvmTransaction(request: ProjectRequest, services: Services): Promise<Answer> {
  const key = accountKeyOf(EVM_API, request);
  const client = clientRequestOf(request);
  const sign = (proposal: EvmProposal) =>
    withSigningRows({ api: EVM_API, key, request }, services, ({ project, rows, policies }) =>
      services.enclave.call(operation, { client, project, rows, policies: [...policies], proposal }),
    );
  return await idempotently(request, services, async ({ claim, repeated }) => {
    if (repeated !== null) {
      const signAsBefore = (proposal: string) => sign(JSON.parse(proposal) as EvmProposal);
      return await sendAgain({ request, madeId: repeated.madeId, sign: signAsBefore }, services);
    }
    const { transaction, network: name } = readSendBody(request);
    const network = EVM_SEND_NETWORKS.find((known) => known === name) ?? null;
    const { answer, transaction: sent } = await sendEvm(
      { network, transaction, sender: key.address.toLowerCase() },
      { sign, ...keeperOf(request, claim, services) },
      services.relay,
    );
    services.audit.sent(actorOf(request), name, sent.id);
    return answer;
  });
}
