import { EVM_CHAIN_IDS } from '@strongroom/shared/api/networks';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { JsonValue } from '@strongroom/shared/json/json-value';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import type { prepareAndSendUserOperation } from '@strongroom/shared/operations/prepare-and-send-user-operation';
import type { OperationName } from '@strongroom/shared/operations/registry';
import { authorizeForAccount } from '../auth/authorize.ts';
import { checksumAddress, parseAddress } from '../evm/address.ts';
import { toHex } from '../evm/hex.ts';
import { wrapOwnerSignature } from '../evm/smart-wallet.ts';
import { userOperationHash } from '../evm/user-operation.ts';
import { approve } from '../policy/approval.ts';
import { evaluateEvery } from '../policy/evaluate.ts';
import type { ReadyService } from '../ready-service.ts';
import { jsonAnswer } from './account-answer.ts';
import { signAsEvmAccount } from './account-signature.ts';
import { completeUserOperation, type UserOperationIntent, unitsOf } from './complete-user-operation.ts';
import { applicablePolicies } from './decide.ts';
import { signatureBytes } from './signature-bytes.ts';

export type SentUserOperation = ResponseOf<typeof prepareAndSendUserOperation>;
type SendRequest = ParsedRequestOf<typeof prepareAndSendUserOperation>;

/** What a verified body asks for. */
export interface ReadBody {
  readonly intent: UserOperationIntent;
  /** The calls as the answer shows them. */
  readonly shownCalls: unknown;
}

interface Sending {
  readonly service: ReadyService;
  /** @param account the smart account in the path, EIP-55 */
  readonly read: (body: JsonValue, account: string) => ReadBody;
}

/**
 * Has an owner sign one user operation of the smart account in the path: authorize, decide, complete, cap, sign. Authorizing spends the
 * token whatever follows, so within this enclave's life no second proposal is signed for it.
 * @throws OperationError RECORD_MISMATCH when the account in the path is not that of the owners; those of authorizing and completing
 */
export async function sendAsOwner(
  name: OperationName,
  { client, project: rows, owners, ownerIndex, rows: ownerRows, policies, proposal }: SendRequest,
  { service, read }: Sending,
): Promise<SentUserOperation> {
  const owner = owners[ownerIndex];
  if (owner === undefined) throw new OperationError('RECORD_MISMATCH');
  const storedAddress = checksumAddress(owner);
  const relayed = { client, rows, account: ownerRows.account, storedAddress };
  const request = await authorizeForAccount(name, relayed, service);
  const { project, account, body, token, smartAccount } = request;
  if (smartAccount === null) throw new OperationError('OPERATION_MISMATCH');
  const { intent, shownCalls } = read(body, smartAccount);
  const { record } = account;
  const inForce = applicablePolicies({ project, account: record, untrustedDocuments: policies }, service);
  // What is forbidden is refused as such, whatever became of the proposal.
  const verdict = evaluateEvery(unitsOf(intent).map((unit) => ({ policies: inForce, unit })));
  if (verdict.kind === 'reject') throw new OperationError('POLICY_VIOLATION');
  const { maxFeeWei } = project.authority.record;
  const sender = parseAddress(smartAccount);
  assertOwnVoice(sender, owners, ownerIndex);
  const owned = { sender, owners };
  const operation = completeUserOperation(intent, owned, { proposal, maxFeeWei });
  const digest = userOperationHash(operation, EVM_CHAIN_IDS[intent.network]);
  const signer = { project, record, untrustedWalletKey: ownerRows.walletKey };
  const signature = signAsEvmAccount(signer, approve(verdict, digest), service);
  const shown = {
    network: intent.network,
    userOpHash: toHex(digest),
    calls: shownCalls,
    status: 'broadcast',
  };
  return {
    answer: jsonAnswer(200, shown),
    operation: {
      hash: digest,
      signature: wrapOwnerSignature(ownerIndex, signatureBytes(signature)),
      tokenId: token.id,
    },
  };
}

/**
 * An account that delegated (EIP-7702) speaks for itself: its address says nothing of other owners, so naming one would put that account's
 * policies in the place of its own.
 * @throws OperationError RECORD_MISMATCH
 */
function assertOwnVoice(sender: Uint8Array, [first]: readonly Uint8Array[], ownerIndex: number): void {
  const isDelegated = first !== undefined && Buffer.compare(sender, first) === 0;
  if (isDelegated && ownerIndex !== 0) throw new OperationError('RECORD_MISMATCH');
}
