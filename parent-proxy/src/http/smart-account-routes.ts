import {
  createSmartAccountBody,
  prepareAndSendUserOperationBody,
  prepareUserOperationBody,
  sendUserOperationBody,
  smartAccountBody,
  updateSmartAccountBody,
  userOperationBody,
} from '@strongroom/shared/api/smart-account-body';
import {
  createSpendPermissionBody,
  listedSpendPermissionBody,
  revokeSpendPermissionBody,
} from '@strongroom/shared/api/spend-permission-body';
import * as v from 'valibot';
import { nextPageToken, pageQuery } from './page.ts';
import type { ProjectRoute } from './route.ts';
import {
  createSmartAccount,
  getSmartAccount,
  getSmartAccountByName,
  listSmartAccounts,
  updateSmartAccount,
} from './routes/smart-accounts.ts';
import {
  createSpendPermission,
  listSpendPermissions,
  revokeSpendPermission,
} from './routes/spend-permissions.ts';
import {
  getUserOperation,
  prepareAndSendUserOperation,
  prepareUserOperation,
  sendUserOperation,
} from './routes/user-operations.ts';

const SMART_ACCOUNTS = '/v2/evm/smart-accounts';
const SMART_ACCOUNT = `${SMART_ACCOUNTS}/:address`;
const PERMISSIONS = `${SMART_ACCOUNT}/spend-permissions`;
const OPERATIONS = `${SMART_ACCOUNT}/user-operations`;

const read = { method: 'GET', auth: 'api-key', scope: 'read' } as const;
/** The SDK sends no wallet token here: what counts is the owner's signature over the user operation. */
const change = { auth: 'api-key', scope: 'sign' } as const;

export const SMART_ACCOUNT_ROUTES: readonly ProjectRoute[] = [
  {
    ...read,
    path: SMART_ACCOUNTS,
    handle: listSmartAccounts,
    contract: {
      operationId: 'listEvmSmartAccounts',
      summary: 'Lists the smart accounts of the project, newest first.',
      query: pageQuery,
      success: { status: 200, body: v.strictObject({ accounts: v.array(smartAccountBody), nextPageToken }) },
      refusals: [400],
    },
  },
  {
    ...change,
    method: 'POST',
    path: SMART_ACCOUNTS,
    handle: createSmartAccount,
    contract: {
      operationId: 'createEvmSmartAccount',
      summary: 'Remembers the smart account of its owners; its first user operation deploys it.',
      body: createSmartAccountBody,
      isIdempotent: true,
      success: { status: 201, body: smartAccountBody },
    },
  },
  {
    ...read,
    path: `${SMART_ACCOUNTS}/by-name/:name`,
    handle: getSmartAccountByName,
    contract: {
      operationId: 'getEvmSmartAccountByName',
      summary: 'Shows the smart account of a name.',
      success: { status: 200, body: smartAccountBody },
      refusals: [400, 404],
    },
  },
  {
    ...read,
    path: SMART_ACCOUNT,
    handle: getSmartAccount,
    contract: {
      operationId: 'getEvmSmartAccount',
      summary: 'Shows the smart account of an address.',
      success: { status: 200, body: smartAccountBody },
      refusals: [400, 404],
    },
  },
  {
    ...change,
    method: 'PUT',
    path: SMART_ACCOUNT,
    handle: updateSmartAccount,
    contract: {
      operationId: 'updateEvmSmartAccount',
      summary: 'Changes the name of a smart account.',
      body: updateSmartAccountBody,
      success: { status: 200, body: smartAccountBody },
      refusals: [404, 409],
    },
  },
  ...userOperationRoutes(),
  ...spendPermissionRoutes(),
];

function userOperationRoutes(): readonly ProjectRoute[] {
  return [
    {
      ...change,
      method: 'POST',
      path: OPERATIONS,
      handle: prepareUserOperation,
      contract: {
        operationId: 'prepareUserOperation',
        summary: 'Completes a user operation up to the signature of an owner.',
        body: prepareUserOperationBody,
        success: { status: 201, body: userOperationBody },
        refusals: [404, 502],
      },
    },
    {
      method: 'POST',
      auth: 'wallet',
      scope: 'sign',
      path: `${OPERATIONS}/prepare-and-send`,
      handle: prepareAndSendUserOperation,
      contract: {
        operationId: 'prepareAndSendUserOperation',
        summary: 'Prepares, signs with a key of the enclave, and sends a user operation.',
        body: prepareAndSendUserOperationBody,
        isIdempotent: true,
        success: { status: 200, body: userOperationBody },
        refusals: [404, 502],
      },
    },
    {
      ...read,
      path: `${OPERATIONS}/:userOpHash`,
      handle: getUserOperation,
      contract: {
        operationId: 'getUserOperation',
        summary: 'Shows what became of a user operation.',
        success: { status: 200, body: userOperationBody },
        refusals: [400, 404, 502],
      },
    },
    {
      ...change,
      method: 'POST',
      path: `${OPERATIONS}/:userOpHash/send`,
      handle: sendUserOperation,
      contract: {
        operationId: 'sendUserOperation',
        summary: "Sends a user operation with an owner's signature.",
        body: sendUserOperationBody,
        success: { status: 200, body: userOperationBody },
        refusals: [404, 502],
      },
    },
  ];
}

function spendPermissionRoutes(): readonly ProjectRoute[] {
  const signed = { method: 'POST', auth: 'wallet', scope: 'sign' } as const;
  return [
    {
      ...signed,
      path: PERMISSIONS,
      handle: createSpendPermission,
      contract: {
        operationId: 'createSpendPermission',
        summary: 'Has the account let a spender spend, by a user operation.',
        body: createSpendPermissionBody,
        isIdempotent: true,
        success: { status: 200, body: userOperationBody },
        refusals: [404, 502],
      },
    },
    {
      ...read,
      path: `${PERMISSIONS}/list`,
      handle: listSpendPermissions,
      contract: {
        operationId: 'listSpendPermissions',
        summary: 'Lists the permissions that were granted here, newest first.',
        query: pageQuery,
        success: {
          status: 200,
          body: v.strictObject({ spendPermissions: v.array(listedSpendPermissionBody), nextPageToken }),
        },
        refusals: [400, 404, 502],
      },
    },
    {
      ...signed,
      path: `${PERMISSIONS}/revoke`,
      handle: revokeSpendPermission,
      contract: {
        operationId: 'revokeSpendPermission',
        summary: 'Has the account take a permission back, by a user operation.',
        body: revokeSpendPermissionBody,
        isIdempotent: true,
        success: { status: 200, body: userOperationBody },
        refusals: [404, 502],
      },
    },
  ];
}
