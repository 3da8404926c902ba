import { certifyProject } from './certify-project.ts';
import { createEvmAccount } from './create-evm-account.ts';
import { createProject } from './create-project.ts';
import { getAttestation } from './get-attestation.ts';
import { getStatus } from './get-status.ts';
import { issueProjectNonce } from './issue-project-nonce.ts';
import { loadRootRecord } from './load-root-record.ts';
import { runGenesis } from './run-genesis.ts';
import { setCredentials } from './set-credentials.ts';
import { signEvmHash } from './sign-evm-hash.ts';
import { signEvmMessage } from './sign-evm-message.ts';
import { signEvmTransaction } from './sign-evm-transaction.ts';
import { signEvmTypedData } from './sign-evm-typed-data.ts';
import { updateEvmAccount } from './update-evm-account.ts';

/** The closed list of operations. A name that is not here is refused. */
export const OPERATIONS = [
  getStatus,
  getAttestation,
  setCredentials,
  runGenesis,
  loadRootRecord,
  issueProjectNonce,
  createProject,
  certifyProject,
  createEvmAccount,
  updateEvmAccount,
  signEvmHash,
  signEvmMessage,
  signEvmTypedData,
  signEvmTransaction,
] as const;

export type RegisteredOperation = (typeof OPERATIONS)[number];
export type OperationName = RegisteredOperation['name'];
