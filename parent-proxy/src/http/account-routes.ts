import { createAccountBody, updateAccountBody } from '@strongroom/shared/api/account-body';
import { signatureBody, signHashBody } from '@strongroom/shared/api/evm-sign-body';
import { exportAccountBody, exportedKeyBody, importAccountBody } from '@strongroom/shared/api/transfer-body';
import * as v from 'valibot';
import { type ChainApi, EVM_API } from './chain-api.ts';
import { nextPageToken, pageQuery } from './page.ts';
import type { ProjectRoute, RouteContract } from './route.ts';
import { createAccount, importAccount } from './routes/create-account.ts';
import { exportAccount, exportAccountByName } from './routes/export-account.ts';
import { getAccount, getAccountByName } from './routes/get-account.ts';
import { listAccounts } from './routes/list-accounts.ts';
import { sign } from './routes/sign.ts';
import { signHash } from './routes/sign-hash.ts';
import { updateAccount } from './routes/update-account.ts';

/** The routes of one chain family's accounts. Fixed words come before addresses. */
export function accountRoutes(api: ChainApi): readonly ProjectRoute[] {
  return [...collectionRoutes(api), ...transferRoutes(api), ...singleRoutes(api), ...signingRoutes(api)];
}

/** The only signing route that has a user operation to show. */
export const SIGN_HASH_ROUTE: ProjectRoute = {
  method: 'POST',
  path: `${EVM_API.path}/:address/sign`,
  auth: 'wallet',
  scope: 'sign',
  handle: signHash,
  contract: {
    operationId: 'signEvmHash',
    summary: 'Signs 32 bytes.',
    body: signHashBody,
    isIdempotent: true,
    success: { status: 200, body: signatureBody },
    refusals: [404],
  },
};

const read = { auth: 'api-key', scope: 'read' } as const;
const change = { auth: 'wallet', scope: 'sign' } as const;
const transfer = { auth: 'wallet', scope: 'accounts#export' } as const;

function collectionRoutes(api: ChainApi): readonly ProjectRoute[] {
  const { path, title, account } = api;
  return [
    {
      method: 'GET',
      path,
      ...read,
      handle: listAccounts(api),
      contract: {
        operationId: `list${title}Accounts`,
        summary: 'Lists the accounts of the project, newest first.',
        query: pageQuery,
        success: { status: 200, body: v.strictObject({ accounts: v.array(account), nextPageToken }) },
        refusals: [400],
      },
    },
    {
      method: 'POST',
      path,
      ...change,
      handle: createAccount(api),
      contract: {
        operationId: `create${title}Account`,
        summary: 'Makes an account whose key never leaves the enclave.',
        body: createAccountBody,
        isIdempotent: true,
        success: { status: 201, body: account },
      },
    },
    {
      method: 'POST',
      path: `${path}/import`,
      ...change,
      handle: importAccount(api),
      contract: {
        operationId: `import${title}Account`,
        summary: "Takes over a key that is encrypted to the project's import key.",
        body: importAccountBody,
        isIdempotent: true,
        success: { status: 201, body: account },
      },
    },
    {
      method: 'GET',
      path: `${path}/by-name/:name`,
      ...read,
      handle: getAccountByName(api),
      contract: {
        operationId: `get${title}AccountByName`,
        summary: 'Shows the account of a name.',
        success: { status: 200, body: account },
        refusals: [400, 404],
      },
    },
  ];
}

function transferRoutes(api: ChainApi): readonly ProjectRoute[] {
  const { path, title } = api;
  const contract = (operationId: string): RouteContract => ({
    operationId,
    summary: "Encrypts the account's key to a key of the caller.",
    body: exportAccountBody,
    isIdempotent: true,
    success: { status: 200, body: exportedKeyBody },
    refusals: [404],
  });
  return [
    {
      method: 'POST',
      path: `${path}/export/by-name/:name`,
      ...transfer,
      handle: exportAccountByName(api),
      contract: contract(`export${title}AccountByName`),
    },
    {
      method: 'POST',
      path: `${path}/:address/export`,
      ...transfer,
      handle: exportAccount(api),
      contract: contract(`export${title}Account`),
    },
  ];
}

function singleRoutes(api: ChainApi): readonly ProjectRoute[] {
  const { title, account } = api;
  const path = `${api.path}/:address`;
  return [
    {
      method: 'GET',
      path,
      ...read,
      handle: getAccount(api),
      contract: {
        operationId: `get${title}Account`,
        summary: 'Shows the account of an address.',
        success: { status: 200, body: account },
        refusals: [400, 404],
      },
    },
    {
      method: 'PUT',
      path,
      ...change,
      handle: updateAccount(api),
      contract: {
        operationId: `update${title}Account`,
        summary: 'Changes name or policy of an account; what the body leaves out stays.',
        body: updateAccountBody,
        isIdempotent: true,
        success: { status: 200, body: account },
        refusals: [404],
      },
    },
  ];
}

function signingRoutes(api: ChainApi): readonly ProjectRoute[] {
  return api.signing.map(({ path, operationId, summary, operation, body, answer }) => ({
    method: 'POST',
    path: `${api.path}/:address${path}`,
    ...change,
    handle: sign(api, operation),
    contract: {
      operationId,
      summary,
      body,
      isIdempotent: true,
      success: { status: 200, body: answer },
      refusals: [404],
    },
  }));
}
