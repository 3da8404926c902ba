// TRUST BOUNDARY: what the relay proposes for a delegation.
import { delegateAccountBody, delegationOperationIdOf } from '@strongroom/shared/api/delegation-body';
import { EVM_CHAIN_IDS } from '@strongroom/shared/api/networks';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type {
  DelegationProposal,
  delegateEvmAccount,
} from '@strongroom/shared/operations/delegate-evm-account';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import { authorizeForAccount } from '../auth/authorize.ts';
import { parseAddress } from '../evm/address.ts';
import {
  authorizationDigest,
  DELEGATE,
  encodeSetup,
  setupDigest,
  type WalletSetup,
} from '../evm/delegation.ts';
import { bytesToBigInt, toHex } from '../evm/hex.ts';
import { SPEND_PERMISSION_MANAGER } from '../evm/spend-permission.ts';
import { serializeSigned, signingDigest, transactionHash } from '../evm/transaction.ts';
import type { Eip7702Transaction } from '../evm/unsigned-transaction.ts';
import { approve } from '../policy/approval.ts';
import type { ReadyService } from '../ready-service.ts';
import type { RecoverableSignature } from '../sign/secp256k1.ts';
import { jsonAnswer } from './account-answer.ts';
import { signAsEvmAccount } from './account-signature.ts';
import { assertFeeWithinCap } from './complete-evm-transaction.ts';
import { decide } from './decide.ts';
import { parseBody } from './parse-body.ts';
import { signatureBytes } from './signature-bytes.ts';

type Delegate = typeof delegateEvmAccount;
const NO_SIGNATURE = new Uint8Array(65);

/**
 * Authorize, decide, sign three times for one token: what sets the wallet up, the EIP-7702 authorization, and the account's own transaction
 * that carries both. Rules of `sendEvmTransaction` decide, on that transaction: a call of the account to itself.
 */
export async function handleDelegateEvmAccount(
  { client, project: rows, rows: accountRows, policies, proposal }: ParsedRequestOf<Delegate>,
  service: ReadyService,
): Promise<ResponseOf<Delegate>> {
  const request = { client, rows, account: accountRows.account };
  const authorized = await authorizeForAccount('delegate-evm-account', request, service);
  const { project, account, body, token } = authorized;
  const { record } = account;
  const { network, enableSpendPermissions = false } = parseBody(delegateAccountBody, body);
  const self = parseAddress(record.address);
  const jurisdiction = { project, account: record, untrustedDocuments: policies };
  const judge = (data: Uint8Array) => {
    const call = { to: self, value: 0n, data };
    return decide(jurisdiction, { operation: 'sendEvmTransaction', call, network }, service);
  };
  const signer = { project, record, untrustedWalletKey: accountRows.walletKey };
  const sign = (data: Uint8Array, digest: Uint8Array) =>
    signAsEvmAccount(signer, approve(judge(data), digest), service);

  const setup: WalletSetup = {
    chainId: BigInt(EVM_CHAIN_IDS[network]),
    trackerNonce: BigInt(proposal.trackerNonce),
    currentImplementation: proposal.currentImplementation,
    owners: enableSpendPermissions ? [self, SPEND_PERMISSION_MANAGER] : [self],
  };
  // What is forbidden is refused as such, whatever became of the proposal.
  judge(encodeSetup(setup, NO_SIGNATURE));
  assertProposal(proposal, project.authority.record.maxFeeWei);
  const setupSignature = sign(encodeSetup(setup, NO_SIGNATURE), setupDigest(setup));
  const data = encodeSetup(setup, signatureBytes(setupSignature));
  // The account's own transaction counts its nonce up before authorizations are looked at.
  const authorizationNonce = BigInt(proposal.nonce) + 1n;
  const authorization = sign(data, authorizationDigest(setup.chainId, authorizationNonce));
  const transaction = transactionOf({ self, data, setup, proposal, authorization });
  const raw = serializeSigned(transaction, sign(data, signingDigest(transaction)));
  const id = toHex(transactionHash(raw));
  return {
    answer: jsonAnswer(201, { delegationOperationId: delegationOperationIdOf(id) }),
    transaction: { id, raw, tokenId: token.id, nonce: proposal.nonce },
  };
}

/** @throws OperationError PROPOSAL_REFUSED, FEE_CAP_EXCEEDED */
function assertProposal(
  { gasLimit, maxFeePerGas, maxPriorityFeePerGas }: DelegationProposal,
  maxFeeWei: string,
): void {
  if (gasLimit === 0 || maxPriorityFeePerGas > maxFeePerGas) throw new OperationError('PROPOSAL_REFUSED');
  assertFeeWithinCap({ gasLimit: BigInt(gasLimit), maxFeePerGas: BigInt(maxFeePerGas) }, maxFeeWei);
}

interface Parts {
  readonly self: Uint8Array;
  readonly data: Uint8Array;
  readonly setup: WalletSetup;
  readonly proposal: DelegationProposal;
  readonly authorization: RecoverableSignature;
}

function transactionOf({ self, data, setup, proposal, authorization }: Parts): Eip7702Transaction {
  const { chainId } = setup;
  const nonce = BigInt(proposal.nonce);
  return {
    type: 'eip7702',
    chainId,
    nonce,
    gasLimit: BigInt(proposal.gasLimit),
    maxFeePerGas: BigInt(proposal.maxFeePerGas),
    maxPriorityFeePerGas: BigInt(proposal.maxPriorityFeePerGas),
    to: self,
    value: 0n,
    data,
    accessList: [],
    authorizationList: [
      {
        chainId,
        address: DELEGATE,
        nonce: nonce + 1n,
        yParity: BigInt(authorization.yParity),
        r: bytesToBigInt(authorization.r),
        s: bytesToBigInt(authorization.s),
      },
    ],
  };
}
