import type { Paymaster } from '@strongroom/chain-relay/smart-account/paymaster';
import type { PrepareRequest } from '@strongroom/chain-relay/smart-account/prepare';
import type { RequestedCall } from '@strongroom/chain-relay/smart-account/proposal';
import { followOperation } from '@strongroom/chain-relay/smart-account/submit';
import type { UserOperation } from '@strongroom/chain-relay/smart-account/user-operation';
import { PAYMASTER_MISSING, type prepareUserOperationBody } from '@strongroom/shared/api/smart-account-body';
import { JsonNumber } from '@strongroom/shared/json/json-value';
import type * as v from 'valibot';
import { RequestError } from '../request-error.ts';
import type { SmartAccount, StoredUserOperation } from '../store/smart-account-store.ts';
import type { ProjectRequest } from './request.ts';
import type { Services } from './services.ts';

type Hex = `0x${string}`;
type PrepareBody = v.InferOutput<typeof prepareUserOperationBody>;
export type CallBody = PrepareBody['calls'][number];

/** What the relay is to prepare. @throws RequestError INVALID_REQUEST */
export function prepareRequestOf(
  { network, calls, dataSuffix, ...paymaster }: PrepareBody,
  { address, owners }: Pick<SmartAccount, 'address' | 'owners'>,
): PrepareRequest {
  return {
    network,
    sender: address as Hex,
    owners: owners as Hex[],
    calls: requestedCalls(calls),
    dataSuffix: (dataSuffix as Hex | undefined) ?? null,
    paymaster: paymasterOf(paymaster),
  };
}

/** @throws RequestError INVALID_REQUEST */
export function paymasterOf({
  paymasterUrl,
  paymasterContext,
}: Pick<PrepareBody, 'paymasterUrl' | 'paymasterContext'>): Paymaster | null {
  if (paymasterUrl !== undefined)
    return { url: paymasterUrl, context: plain(paymasterContext ?? {}) as Paymaster['context'] };
  if (paymasterContext === undefined) return null;
  throw new RequestError('INVALID_REQUEST', { clientMessage: PAYMASTER_MISSING });
}

/** Numbers that the schema left as their text are numbers again: the context is forwarded as it came. */
function plain(value: unknown): unknown {
  if (value instanceof JsonNumber) return Number(value.source);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

/** @throws RequestError INVALID_REQUEST when a value exceeds 256 bits */
export function requestedCalls(calls: readonly CallBody[]): readonly RequestedCall[] {
  return calls.map(({ to, value, data, overrideGasLimit }) => ({
    to: to as Hex,
    value: weiOf(value),
    data: data as Hex,
    overrideGasLimit: overrideGasLimit === undefined ? null : BigInt(overrideGasLimit),
  }));
}

function weiOf(value: string): bigint {
  const wei = BigInt(value);
  if (wei >= 2n ** 256n) throw new RequestError('INVALID_REQUEST');
  return wei;
}

/** @throws RequestError NOT_FOUND */
export async function readUserOperation(
  key: Pick<StoredUserOperation, 'projectId' | 'address' | 'userOpHash'>,
  store: Pick<Services['store'], 'findUserOperation'>,
): Promise<StoredUserOperation> {
  const stored = await store.findUserOperation(key);
  if (stored === null) throw new RequestError('NOT_FOUND', { clientMessage: 'User operation not found.' });
  return stored;
}

/** Asks the chain what became of an operation, hands it over if perhaps no bundler has it, and keeps what was learnt. @throws RelayError */
export async function refreshUserOperation(
  stored: StoredUserOperation,
  { store, relay }: Pick<Services, 'store' | 'relay'>,
): Promise<StoredUserOperation> {
  const { status, network } = stored;
  if (status === 'pending' || status === 'complete' || status === 'failed') return stored;
  const operation = JSON.parse(stored.operation) as UserOperation;
  const prepared = { operation, userOpHash: stored.userOpHash as Hex };
  const look = await followOperation(prepared, status, relay.chains.bundler(network));
  if (look === null) return stored;
  const receipt = look.receipt === null ? null : JSON.stringify(look.receipt);
  await store.moveUserOperation(stored, ['signed', 'broadcast', 'dropped'], { status: look.status, receipt });
  return await readUserOperation(stored, store);
}

/** An owner whose key is in the enclave, with its place among the owners. */
export interface EnclaveOwner {
  readonly address: string;
  readonly index: 0 | 1;
}

/** The first of an account's owners that is an account of the project; null when all keys are elsewhere. */
export async function findEnclaveOwner(
  { owners }: Pick<SmartAccount, 'owners'>,
  { principal }: ProjectRequest,
  store: Pick<Services['store'], 'findAccount'>,
): Promise<EnclaveOwner | null> {
  const { projectId } = principal.project;
  for (const [index, address] of owners.entries()) {
    if ((await store.findAccount({ projectId, family: 'evm', address })) !== null)
      return { address, index: index === 0 ? 0 : 1 };
  }
  return null;
}
