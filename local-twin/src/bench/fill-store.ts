import { join } from 'node:path';
import { createOperationClient, type OperationClient } from '@strongroom/shared/channel/operation-client';
import { createEvmAccount } from '@strongroom/shared/operations/create-evm-account';
import type { ProjectRows } from '@strongroom/shared/operations/fields';
import { tcpDialer } from '@strongroom/shared/transport/dev/tcp';
import { toAccountRow } from '../../../parent-proxy/src/store/account-row.ts';
import type { Engine } from '../../../parent-proxy/src/store/engine.ts';
import { openStore } from '../../../parent-proxy/src/store/open-store.ts';
import type {
  AccountTable,
  PrimarySchema,
  VaultSchema,
  WalletKeyTable,
} from '../../../parent-proxy/src/store/schema.ts';
import { openSqliteEngine } from '../../../parent-proxy/src/store/sqlite.ts';
import { type BenchClient, createRequestSigner, type RequestSigner } from './signed-request.ts';

/** Where accounts are made and kept. */
export interface FillOptions {
  readonly client: BenchClient;
  readonly enclavePort: number;
  /** Of the two SQLite files that the proxy has open too. */
  readonly storeDirectory: string;
  readonly count: number;
  readonly accountPolicy?: string | undefined;
}

interface MadeRows {
  readonly account: AccountTable;
  readonly walletKey: WalletKeyTable;
}

const IN_FLIGHT = 64;
const ROWS_PER_TRANSACTION = 250;
const DAY_MS = 86_400_000;
const PATH = '/v2/evm/accounts';

/**
 * Makes accounts faster than over HTTP and no less real: the running enclave makes each by its operation, for a request that the
 * Wallet Secret signed. Only their rows go around the proxy, hundreds to a transaction instead of one.
 * @returns the addresses
 */
export async function fillStore({
  client,
  enclavePort,
  storeDirectory,
  count,
  accountPolicy,
}: FillOptions): Promise<string[]> {
  const project = await projectRowsOf(storeDirectory, client.apiKeyId);
  const enclave = createOperationClient({
    connect: () => tcpDialer(enclavePort).dial(),
    maxInFlight: IN_FLIGHT,
    deadlineMs: 60_000,
  });
  const primary = openSqliteEngine<PrimarySchema>(join(storeDirectory, 'primary.sqlite'));
  const vault = openSqliteEngine<VaultSchema>(join(storeDirectory, 'vault.sqlite'));
  const signer = createRequestSigner(client);
  const body = Buffer.from(JSON.stringify({ accountPolicy }));
  const addresses: string[] = [];
  const pending: MadeRows[] = [];
  let started = 0;

  async function work(): Promise<void> {
    while (started < count) {
      started += 1;
      const rows = await makeAccount({ enclave, signer, project, body });
      addresses.push(rows.account.address);
      pending.push(rows);
      if (pending.length >= ROWS_PER_TRANSACTION)
        await insert(primary, vault, pending.splice(0, ROWS_PER_TRANSACTION));
    }
  }

  try {
    await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, count) }, work));
    if (pending.length > 0) await insert(primary, vault, pending);
    return addresses;
  } finally {
    enclave.close();
    await Promise.all([primary.close(), vault.close()]);
  }
}

async function projectRowsOf(directory: string, apiKeyId: string): Promise<ProjectRows> {
  const store = await openStore({ engine: 'sqlite', directory });
  try {
    const principal = await store.findPrincipal(apiKeyId);
    if (principal === null) throw new Error('the store does not know the API key');
    return principal.project;
  } finally {
    await store.close();
  }
}

interface Maker {
  readonly enclave: OperationClient;
  readonly signer: RequestSigner;
  readonly project: ProjectRows;
  readonly body: Uint8Array;
}

async function makeAccount({ enclave, signer, project, body }: Maker): Promise<MadeRows> {
  const { created } = await enclave.call(createEvmAccount, {
    client: { method: 'POST', path: PATH, body, ...signer.tokens(PATH, body) },
    project,
    existing: null,
  });
  if (created === null) throw new Error('the enclave made no account');
  const { account: record, vaultId, walletKey, view } = created;
  const { projectId } = project;
  return {
    account: toAccountRow({ projectId, family: 'evm', record, vaultId, walletKey, ...view }),
    walletKey: {
      vault_id: vaultId,
      sealed: walletKey,
      stored_day: Math.floor(view.createdAtMs / DAY_MS),
    },
  };
}

/** In the proxy's own order: a key is durable before anything names it. */
async function insert(
  primary: Engine<PrimarySchema>,
  vault: Engine<VaultSchema>,
  rows: readonly MadeRows[],
): Promise<void> {
  await vault.transaction((transaction) =>
    transaction
      .insertInto('wallet_key')
      .values(rows.map(({ walletKey }) => walletKey))
      .execute(),
  );
  await primary.transaction((transaction) =>
    transaction
      .insertInto('account')
      .values(rows.map(({ account }) => account))
      .execute(),
  );
}
