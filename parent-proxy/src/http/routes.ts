import { accountRoutes, SIGN_HASH_ROUTE } from './account-routes.ts';
import { EVM_API, SOLANA_API } from './chain-api.ts';
import { ENCLAVE_ROUTES } from './enclave-routes.ts';
import { FACTOR_PAGE_ROUTES, FACTOR_ROUTES } from './factor-routes.ts';
import { OWNER_ROUTES } from './owner-routes.ts';
import { POLICY_ROUTES } from './policy-routes.ts';
import { BALANCE_ROUTES, DELEGATION_ROUTES, SEND_ROUTES } from './relay-routes.ts';
import type { Route } from './route.ts';
import { getHealth } from './routes/get-health.ts';
import { getOpenApi } from './routes/get-openapi.ts';
import { noActiveTokens } from './routes/no-active-tokens.ts';
import { SMART_ACCOUNT_ROUTES } from './smart-account-routes.ts';

const API_ROUTES: readonly Route[] = [
  ...ENCLAVE_ROUTES,
  ...OWNER_ROUTES,
  ...FACTOR_ROUTES,
  ...SEND_ROUTES,
  ...DELEGATION_ROUTES,
  ...BALANCE_ROUTES,
  ...SMART_ACCOUNT_ROUTES,
  ...accountRoutes(EVM_API),
  SIGN_HASH_ROUTE,
  ...accountRoutes(SOLANA_API),
  ...POLICY_ROUTES,
];

/** Every route, in the order in which they are matched. Each is served under `/platform` too, as Coinbase's own base path has it. */
export const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/healthz', auth: 'none', handle: getHealth, contract: null },
  { method: 'GET', path: '/apikeys/v1/tokens/active', auth: 'none', handle: noActiveTokens, contract: null },
  { method: 'GET', path: '/openapi.json', auth: 'none', handle: getOpenApi(API_ROUTES), contract: null },
  ...FACTOR_PAGE_ROUTES,
  ...API_ROUTES,
];
