import type { Operation, RequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import type { OperationName, RegisteredOperation } from '@strongroom/shared/operations/registry';
import type { Lifecycle } from '../boot/lifecycle.ts';
import type { ReadyService } from '../ready-service.ts';
import { handleCertifyProject } from './certify-project.ts';
import { handleCreateEvmAccount } from './create-evm-account.ts';
import { handleCreateProject } from './create-project.ts';
import { handleSignEvm } from './sign-evm.ts';
import { handleUpdateEvmAccount } from './update-evm-account.ts';

/** Operations on the enclave itself, answered before it is ready too. */
export type LifecycleOperationName =
  | 'get-status'
  | 'get-attestation'
  | 'set-credentials'
  | 'run-genesis'
  | 'load-root-record';

type ContractOf<Name extends OperationName> = Extract<RegisteredOperation, Operation<Name>>;
type Handler<Name extends OperationName, Context> = (
  request: RequestOf<ContractOf<Name>>,
  context: Context,
) => ResponseOf<ContractOf<Name>> | Promise<ResponseOf<ContractOf<Name>>>;

export const LIFECYCLE_HANDLERS: { readonly [Name in LifecycleOperationName]: Handler<Name, Lifecycle> } = {
  'get-status': (_request, lifecycle) => ({
    phase: lifecycle.phase,
    reason: lifecycle.reason,
    bootId: lifecycle.bootId,
    deploymentId: lifecycle.phase === 'ready' ? lifecycle.deployment.id : null,
    generation: lifecycle.phase === 'ready' ? lifecycle.deployment.roots.newest.generation : null,
    credentialsExpireAtMs: lifecycle.credentialsExpireAtMs,
  }),
  'get-attestation': ({ nonce }, lifecycle) => lifecycle.attest(nonce),
  'set-credentials': (credentials, lifecycle) => {
    lifecycle.setCredentials(credentials);
    return {};
  },
  'run-genesis': async (_request, lifecycle) => ({ rootRecord: await lifecycle.runGenesis() }),
  'load-root-record': async ({ rootRecord }, lifecycle) => {
    await lifecycle.loadRootRecord(rootRecord);
    return { phase: lifecycle.phase };
  },
};

export const READY_HANDLERS: {
  readonly [Name in Exclude<OperationName, LifecycleOperationName>]: Handler<Name, ReadyService>;
} = {
  'issue-project-nonce': (_request, { projectNonces, deployment, clock }) => ({
    ...projectNonces.issue(clock.nowMs()),
    deploymentId: deployment.id,
  }),
  'create-project': handleCreateProject,
  'certify-project': handleCertifyProject,
  'create-evm-account': handleCreateEvmAccount,
  'update-evm-account': handleUpdateEvmAccount,
  'sign-evm-hash': handleSignEvm('sign-evm-hash'),
  'sign-evm-message': handleSignEvm('sign-evm-message'),
  'sign-evm-typed-data': handleSignEvm('sign-evm-typed-data'),
  'sign-evm-transaction': handleSignEvm('sign-evm-transaction'),
};
