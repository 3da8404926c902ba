import type { BalancePage, ListPage } from '@strongroom/chain-relay/page';
import { listSolanaBalances } from '@strongroom/chain-relay/solana/token-balances';
import { EVM_BALANCE_NETWORKS, SOLANA_NETWORKS } from '@strongroom/shared/api/networks';
import { RequestError } from '../../request-error.ts';
import { EVM_API, SOLANA_API } from '../chain-api.ts';
import { jsonAnswer } from '../json.ts';
import { pageSizeOf } from '../page.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';

const MAX_PAGE_SIZE = 100;
const TOKEN_KEY = /^[0-9A-Za-z]{32,44}$/;

/** Balances of any address: they are public, and nothing of the project is looked at. */
export async function listEvmTokenBalances(request: ProjectRequest, { relay }: Services): Promise<Answer> {
  const address = addressOf(request, EVM_API.addressPattern);
  const node = relay.chains.evm(networkOf(request, EVM_BALANCE_NETWORKS));
  return balancesAnswer(await relay.evmBalances.list(node, address, listPageOf(request)));
}

export async function listSolanaTokenBalances(request: ProjectRequest, { relay }: Services): Promise<Answer> {
  const address = addressOf(request, SOLANA_API.addressPattern);
  const node = relay.chains.solana(networkOf(request, SOLANA_NETWORKS));
  return balancesAnswer(await listSolanaBalances(node, address, listPageOf(request)));
}

function balancesAnswer({ balances, next }: BalancePage<unknown>): Answer {
  const nextPageToken = next === null ? undefined : Buffer.from(next).toString('base64url');
  return jsonAnswer(200, { balances, ...(nextPageToken !== undefined && { nextPageToken }) });
}

function addressOf({ parameters }: ProjectRequest, pattern: RegExp): string {
  const address = parameters['address'] ?? '';
  if (pattern.test(address)) return address;
  throw new RequestError('INVALID_REQUEST', {
    clientMessage: `string doesn't match the regular expression "${pattern.source}".`,
  });
}

function networkOf<Network extends string>(
  { parameters }: ProjectRequest,
  networks: readonly Network[],
): Network {
  const network = networks.find((known) => known === parameters['network']);
  if (network === undefined)
    throw new RequestError('INVALID_REQUEST', {
      clientMessage: `network must be one of ${networks.join(', ')}.`,
    });
  return network;
}

function listPageOf({ query }: ProjectRequest): ListPage {
  const token = query.get('pageToken') ?? '';
  const after = token === '' ? null : Buffer.from(token.slice(0, 64), 'base64url').toString('latin1');
  if (after !== null && !TOKEN_KEY.test(after))
    throw new RequestError('INVALID_REQUEST', { clientMessage: 'pageToken is invalid.' });
  return { limit: Math.min(pageSizeOf(query.get('pageSize')), MAX_PAGE_SIZE), after };
}
