// Honest clients for the laboratory: what they ask for is right, and the test decides what becomes of it on the way.
import type { KeyObject } from 'node:crypto';
import { type ApiKey, makeApiKey, makeWalletSecret } from '@strongroom/client/credentials';
import { type ProjectChoices, signProjectGenesis } from '@strongroom/client/project-genesis';
import { makeWalletToken } from '@strongroom/client/wallet-token';
import { createEvmAccount } from '@strongroom/shared/operations/create-evm-account';
import { createProject } from '@strongroom/shared/operations/create-project';
import type { AccountRows, ClientRequest, ProjectRows } from '@strongroom/shared/operations/fields';
import { issueProjectNonce } from '@strongroom/shared/operations/issue-project-nonce';
import type { LabEnclave } from './laboratory.ts';

export const LAB_AUTHORITY = '127.0.0.1:8787';

export interface LabProject {
  readonly rows: ProjectRows;
  readonly walletSecret: KeyObject;
  readonly apiKey: ApiKey;
  readonly certificate: Uint8Array;
}

export interface LabAccount {
  readonly address: string;
  readonly certificate: Uint8Array;
  readonly rows: AccountRows;
}

/** Creates a project as the `strongroom` command does, without checking anything that comes back. */
export async function createLabProject(
  enclave: LabEnclave,
  choices: Partial<ProjectChoices> = {},
): Promise<LabProject> {
  const { nonce, deploymentId } = await enclave.call(issueProjectNonce, {});
  const walletSecret = makeWalletSecret();
  const apiKey = makeApiKey();
  const { genesis } = signProjectGenesis({
    deploymentId,
    nonce,
    walletSecret,
    apiKey,
    choices: {
      authorities: [LAB_AUTHORITY],
      policyAuthority: 'wallet',
      exportAllowed: false,
      scopes: ['read', 'sign'],
      ...choices,
    },
  });
  const { projectId, authority, clientSecret, certificate } = await enclave.call(createProject, { genesis });
  return {
    rows: { projectId, authority, clientSecret },
    walletSecret: walletSecret.privateKey,
    apiKey,
    certificate,
  };
}

export interface LabRequest {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly authority?: string;
  readonly issuedAtS?: number;
}

/** A request with a wallet token that is right for it. */
export function signedRequest(
  { walletSecret }: Pick<LabProject, 'walletSecret'>,
  request: LabRequest,
): ClientRequest {
  const { method = 'POST', path, body = {}, authority = LAB_AUTHORITY, issuedAtS } = request;
  const bytes = Buffer.from(JSON.stringify(body));
  const token = { method, authority, path, body: bytes, ...(issuedAtS !== undefined && { issuedAtS }) };
  return { method, path, body: bytes, bearerToken: null, walletToken: makeWalletToken(walletSecret, token) };
}

/** Creates an EVM account and keeps its rows, as the store would. */
export async function createLabAccount(
  enclave: LabEnclave,
  project: LabProject,
  body: object = {},
): Promise<LabAccount> {
  const { created } = await enclave.call(createEvmAccount, {
    client: signedRequest(project, { path: '/v2/evm/accounts', body }),
    project: project.rows,
    existing: null,
  });
  if (created === null) throw new Error('no account was created');
  const { address, certificate } = created.view;
  return { address, certificate, rows: { account: created.account, walletKey: created.walletKey } };
}
