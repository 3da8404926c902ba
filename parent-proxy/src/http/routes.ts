import { signEvmHash } from '@strongroom/shared/operations/sign-evm-hash';
import { signEvmMessage } from '@strongroom/shared/operations/sign-evm-message';
import { signEvmTransaction } from '@strongroom/shared/operations/sign-evm-transaction';
import { signEvmTypedData } from '@strongroom/shared/operations/sign-evm-typed-data';
import type { Answer, OpenRequest, ProjectRequest } from './request.ts';
import { createAccount } from './routes/create-evm-account.ts';
import { createNewProject } from './routes/create-project.ts';
import { getEnclaveAttestation } from './routes/get-attestation.ts';
import { getEvmAccount, getEvmAccountByName } from './routes/get-evm-account.ts';
import { getHealth } from './routes/get-health.ts';
import { getProjectImportKey } from './routes/get-import-key.ts';
import { getProjectCertificate } from './routes/get-project-certificate.ts';
import { issueNonce } from './routes/issue-project-nonce.ts';
import { listEvmAccounts } from './routes/list-evm-accounts.ts';
import { noActiveTokens } from './routes/no-active-tokens.ts';
import { signEvm } from './routes/sign-evm.ts';
import { updateAccount } from './routes/update-evm-account.ts';
import type { Services } from './services.ts';

/**
 * Who may call a route. `wallet`: an API key here, and the Wallet Secret's token in the enclave, which the route only forwards to.
 */
export type Route =
  | {
      readonly method: 'GET' | 'POST';
      readonly path: string;
      readonly auth: 'none' | 'enrolment';
      readonly handle: (request: OpenRequest, services: Services) => Promise<Answer>;
    }
  | {
      readonly method: 'GET' | 'POST' | 'PUT';
      readonly path: string;
      readonly auth: 'api-key' | 'wallet';
      readonly handle: (request: ProjectRequest, services: Services) => Promise<Answer>;
    };

const EVM = '/v2/evm/accounts';

/** Every route, in the order in which they are matched. Each is served under `/platform` too, as Coinbase's own base path has it. */
export const ROUTES: readonly Route[] = [
  { method: 'GET', path: '/healthz', auth: 'none', handle: getHealth },
  { method: 'GET', path: '/apikeys/v1/tokens/active', auth: 'none', handle: noActiveTokens },

  { method: 'GET', path: '/v2/enclave/attestation', auth: 'none', handle: getEnclaveAttestation },
  { method: 'POST', path: '/v2/enclave/project-nonces', auth: 'enrolment', handle: issueNonce },
  { method: 'POST', path: '/v2/enclave/projects', auth: 'enrolment', handle: createNewProject },
  { method: 'GET', path: '/v2/enclave/project-certificate', auth: 'api-key', handle: getProjectCertificate },
  { method: 'GET', path: '/v2/enclave/import-key', auth: 'api-key', handle: getProjectImportKey },

  { method: 'GET', path: EVM, auth: 'api-key', handle: listEvmAccounts },
  { method: 'POST', path: EVM, auth: 'wallet', handle: createAccount },
  { method: 'GET', path: `${EVM}/by-name/:name`, auth: 'api-key', handle: getEvmAccountByName },
  { method: 'GET', path: `${EVM}/:address`, auth: 'api-key', handle: getEvmAccount },
  { method: 'PUT', path: `${EVM}/:address`, auth: 'wallet', handle: updateAccount },
  { method: 'POST', path: `${EVM}/:address/sign`, auth: 'wallet', handle: signEvm(signEvmHash) },
  { method: 'POST', path: `${EVM}/:address/sign/message`, auth: 'wallet', handle: signEvm(signEvmMessage) },
  {
    method: 'POST',
    path: `${EVM}/:address/sign/typed-data`,
    auth: 'wallet',
    handle: signEvm(signEvmTypedData),
  },
  {
    method: 'POST',
    path: `${EVM}/:address/sign/transaction`,
    auth: 'wallet',
    handle: signEvm(signEvmTransaction),
  },
];
