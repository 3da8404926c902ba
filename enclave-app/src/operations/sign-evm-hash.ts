// TRUST BOUNDARY: the user operation that the parent presents for a hash.
import { signHashBody } from '@strongroom/shared/api/evm-sign-body';
import { EVM_CHAIN_IDS } from '@strongroom/shared/api/networks';
import { prepareUserOperationBody } from '@strongroom/shared/api/smart-account-body';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { ParsedRequestOf } from '@strongroom/shared/operations/operation';
import type { PresentedUserOperation, signEvmHash } from '@strongroom/shared/operations/sign-evm-hash';
import type { HttpAnswer } from '@strongroom/shared/wire/envelope';
import { authorizeForAccount } from '../auth/authorize.ts';
import { parseHex } from '../evm/hex.ts';
import { userOperationHash } from '../evm/user-operation.ts';
import { approve } from '../policy/approval.ts';
import { evaluateHash } from '../policy/evaluate.ts';
import type { RequestUnit } from '../policy/request-unit.ts';
import type { ReadyService } from '../ready-service.ts';
import { jsonAnswer } from './account-answer.ts';
import { signAsEvmAccount } from './account-signature.ts';
import { completeUserOperation, readPrepareBody, unitsOf } from './complete-user-operation.ts';
import { applicablePolicies } from './decide.ts';
import { parseBody } from './parse-body.ts';
import { readPresentedJson } from './presented-json.ts';
import { signatureAnswer } from './sign-evm.ts';

type SignHash = ParsedRequestOf<typeof signEvmHash>;

/**
 * Signs a digest as given. If the parent shows which user operation it is the hash of, the calls of that are judged too; where rules name user
 * operations, a hash that is not shown to be one needs a rule that accepts raw hashes (docs/adr/0010-user-operations.md).
 */
export async function handleSignEvmHash(
  { client, project: rows, rows: accountRows, policies, userOperation }: SignHash,
  service: ReadyService,
): Promise<HttpAnswer> {
  const request = { client, rows, account: accountRows.account };
  const { project, account, body } = await authorizeForAccount('sign-evm-hash', request, service);
  const { record } = account;
  const digest = parseHex(parseBody(signHashBody, body).hash);
  const { maxFeeWei } = project.authority.record;
  const shown = userOperation === undefined ? null : unitsHashedBy(digest, userOperation, maxFeeWei);
  const jurisdiction = { project, account: record, untrustedDocuments: policies };
  const verdict = evaluateHash(applicablePolicies(jurisdiction, service), shown);
  if (verdict.kind === 'reject') throw new OperationError('POLICY_VIOLATION');
  const signer = { project, record, untrustedWalletKey: accountRows.walletKey };
  return jsonAnswer(200, signatureAnswer(signAsEvmAccount(signer, approve(verdict, digest), service)));
}

/**
 * Makes the presented operation and compares its hash, which commits to the calls: who presents it, and what else, cannot matter.
 * @throws OperationError PROPOSAL_REFUSED when it is another operation, RECORD_MISMATCH, FEE_CAP_EXCEEDED, MALFORMED_JSON, INVALID_REQUEST
 */
function unitsHashedBy(
  digest: Uint8Array,
  { sender, owners, body, proposal }: PresentedUserOperation,
  maxFeeWei: string,
): RequestUnit[] {
  const prepared = readPrepareBody(parseBody(prepareUserOperationBody, readPresentedJson(body)));
  // Whether the client wanted a paymaster was settled when it took the hash.
  const intent = { ...prepared, hasPaymaster: proposal.paymasterAndData !== null };
  const operation = completeUserOperation(intent, { sender, owners }, { proposal, maxFeeWei });
  const hash = userOperationHash(operation, EVM_CHAIN_IDS[intent.network]);
  if (Buffer.compare(hash, digest) !== 0) throw new OperationError('PROPOSAL_REFUSED');
  return unitsOf(intent);
}
