import { decodeProposal, type SolanaProposal, sendSolana } from '@strongroom/chain-relay/solana/send';
import { readSolanaTransaction } from '@strongroom/chain-relay/solana/wire';
import { SOLANA_NETWORKS } from '@strongroom/shared/api/networks';
import {
  MAX_SOLANA_SIGNERS,
  sendSolanaTransaction as operation,
} from '@strongroom/shared/operations/send-solana-transaction';
import type { SigningRows } from '../../store/store.ts';
import { idempotently } from '../idempotency.ts';
import { keeperOf, readSendBody, sendAgain } from '../kept-transaction.ts';
import { isOlderVersion, withNewestProject } from '../newest-project.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';
import { actorOf, clientRequestOf } from '../wallet-request.ts';

/** Has a transaction signed by all of the project's accounts that it requires, stored and broadcast. */
export async function sendSolanaTransaction(request: ProjectRequest, services: Services): Promise<Answer> {
  const { transaction, network: name } = readSendBody(request);
  const wire = readSolanaTransaction(Buffer.from(transaction, 'base64'));
  const signers = wire?.signers ?? [];
  const sign = (proposal: SolanaProposal) => signWithRows(request, { signers, proposal }, services);
  return await idempotently(request, services, async ({ claim, repeated }) => {
    if (repeated !== null) {
      const signAsBefore = (proposal: string) => sign(decodeProposal(proposal));
      return await sendAgain({ request, madeId: repeated.madeId, sign: signAsBefore }, services);
    }
    const network = SOLANA_NETWORKS.find((known) => known === name) ?? null;
    const { answer, transaction: sent } = await sendSolana(
      { network, wire },
      { sign, ...keeperOf(request, claim, services) },
      services.relay,
    );
    services.audit.sent(actorOf(request), name, sent.id);
    return answer;
  });
}

interface Signing {
  /** Base58. */
  readonly signers: readonly string[];
  readonly proposal: SolanaProposal;
}

/** Asks once more with rows that were replaced between reading and presenting: the token is unspent then. */
async function signWithRows(request: ProjectRequest, signing: Signing, services: Services) {
  try {
    return await signOnce(request, signing, services);
  } catch (error) {
    if (!isOlderVersion(error)) throw error;
    return await signOnce(request, signing, services);
  }
}

async function signOnce(request: ProjectRequest, { signers, proposal }: Signing, services: Services) {
  const { store, enclave } = services;
  const { projectId } = request.principal.project;
  const found = await Promise.all(
    signers
      .slice(0, MAX_SOLANA_SIGNERS)
      .map((address) => store.findSigningRows({ projectId, family: 'solana', address })),
  );
  const ours = found.filter((rows) => rows !== null);
  return await withNewestProject(request, services, ({ project }) =>
    enclave.call(operation, {
      client: clientRequestOf(request),
      project: newestOf(ours) ?? project,
      accounts: ours.map(({ address, rows }) => ({ address, rows })),
      policies: distinct(ours.flatMap(({ policies }) => policies)),
      proposal: { blockhash: proposal.blockhash },
    }),
  );
}

/** Rows of several accounts are read one after the other, so the project may have changed in between. */
function newestOf(rows: readonly SigningRows[]): SigningRows['project'] | undefined {
  return rows.map(({ project }) => project).toSorted((a, b) => b.authority.version - a.authority.version)[0];
}

function distinct(documents: readonly Uint8Array[]): Uint8Array[] {
  return documents.filter(
    (document, index) => documents.findIndex((other) => Buffer.compare(other, document) === 0) === index,
  );
}
