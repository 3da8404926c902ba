import type { OperationName } from '@strongroom/shared/operations/registry';
import type { Phase } from '@strongroom/shared/phase';

const ALIVE: readonly Phase[] = ['needs-root-record', 'needs-genesis', 'unsealing', 'ready'];
const ALWAYS: readonly Phase[] = ['starting', ...ALIVE, 'failed'];
const READY: readonly Phase[] = ['ready'];

/** Which operation is answered in which phase. A failed enclave gives its status and nothing else. */
export const ALLOWED_PHASES: Readonly<Record<OperationName, readonly Phase[]>> = {
  'get-status': ALWAYS,
  'get-attestation': ALIVE,
  'set-credentials': ALIVE,
  'run-genesis': ['needs-genesis'],
  'load-root-record': ['needs-root-record', 'needs-genesis', 'ready'],
  'get-root-key': READY,
  'announce-root-key': READY,
  'activate-root-key': READY,
  'retire-root-key': READY,
  'add-root-wraps': READY,
  'reseal-rows': READY,
  'review-rows': READY,
  'certify-rotation': READY,
  'issue-project-nonce': READY,
  'create-project': READY,
  'certify-project': READY,
  'add-api-key': READY,
  'revoke-api-key': READY,
  'create-policy': READY,
  'update-policy': READY,
  'delete-policy': READY,
  'evaluate-policy': READY,
  'get-import-key': READY,
  'create-evm-account': READY,
  'import-evm-account': READY,
  'export-evm-account': READY,
  'update-evm-account': READY,
  'create-solana-account': READY,
  'import-solana-account': READY,
  'export-solana-account': READY,
  'update-solana-account': READY,
  'sign-evm-hash': READY,
  'sign-evm-message': READY,
  'sign-evm-typed-data': READY,
  'sign-evm-transaction': READY,
  'send-evm-transaction': READY,
  'sign-solana-message': READY,
  'sign-solana-transaction': READY,
  'send-solana-transaction': READY,
};
