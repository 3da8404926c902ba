// Random policies and requests, through the whole of an enclave: it signs what the reference evaluator accepts, and nothing else.
import type { PolicyRule } from '@strongroom/shared/api/policy';
import { createEvmAccount } from '@strongroom/shared/operations/create-evm-account';
import { createSolanaAccount } from '@strongroom/shared/operations/create-solana-account';
import { signEvmHash } from '@strongroom/shared/operations/sign-evm-hash';
import { signEvmMessage } from '@strongroom/shared/operations/sign-evm-message';
import { signEvmTransaction } from '@strongroom/shared/operations/sign-evm-transaction';
import { signEvmTypedData } from '@strongroom/shared/operations/sign-evm-typed-data';
import { signSolanaMessage } from '@strongroom/shared/operations/sign-solana-message';
import { signSolanaTransaction } from '@strongroom/shared/operations/sign-solana-transaction';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { policy, request } from '../../../enclave-app/test/property/policy-arbitraries.ts';
import {
  describeForReference,
  messageBytes,
  serializeCall,
} from '../../../enclave-app/test/property/policy-encoding.ts';
import {
  type DescribedRequest,
  referenceVerdict,
} from '../../../enclave-app/test/property/policy-reference.ts';
import { orderBody } from '../../../enclave-app/test/property/policy-typed-data.ts';
import { createLabProject, type LabProject, signedRequest } from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { addLabPolicy } from '../support/lab-policy.ts';

let lab: Laboratory;
let enclave: LabEnclave;
beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
});
afterAll(() => lab[Symbol.asyncDispose]());

interface Task {
  readonly family: 'evm' | 'solana';
  readonly operation: typeof signEvmHash | typeof signSolanaMessage;
  readonly path: string;
  readonly body: (address: string) => object;
}

/** How a client asks for it; null for what is not signed but sent. */
function taskOf(described: DescribedRequest): Task | null {
  const evm = (operation: unknown, path: string, body: object): Task => ({
    family: 'evm',
    operation: operation as typeof signEvmHash,
    path,
    body: () => body,
  });
  switch (described.operation) {
    case 'signEvmTransaction':
      return evm(signEvmTransaction, '/sign/transaction', { transaction: serializeCall(described.call) });
    case 'signEvmHash':
      return evm(signEvmHash, '/sign', { hash: `0x${'5a'.repeat(32)}` });
    case 'signEvmMessage':
      return evm(signEvmMessage, '/sign/message', { message: described.message });
    case 'signEvmTypedData':
      return evm(signEvmTypedData, '/sign/typed-data', orderBody(described.order));
    case 'signSolMessage':
      return {
        family: 'solana',
        operation: signSolanaMessage,
        path: '/sign/message',
        body: () => ({ message: described.message }),
      };
    case 'signSolTransaction':
      return {
        family: 'solana',
        operation: signSolanaTransaction as never,
        path: '/sign/transaction',
        body: (address) => {
          const message = messageBytes(described.instructions, address);
          return { transaction: Buffer.concat([Buffer.of(0), message]).toString('base64') };
        },
      };
    default:
      return null;
  }
}

/** A project of its own, with these policies in force for its one account. */
async function govern(
  family: Task['family'],
  ofProject: PolicyRule[] | null,
  ofAccount: PolicyRule[] | null,
) {
  let project: LabProject = await createLabProject(enclave);
  const documents: Uint8Array[] = [];
  let accountPolicy: string | null = null;
  for (const [scope, rules] of [
    ['project', ofProject],
    ['account', ofAccount],
  ] as const) {
    if (rules === null) continue;
    const added = await addLabPolicy(enclave, project, { scope, rules });
    ({ project } = added);
    documents.push(added.document);
    if (scope === 'account') accountPolicy = added.id;
  }
  const body = accountPolicy === null ? {} : { accountPolicy };
  const { created } = await enclave.call(family === 'evm' ? createEvmAccount : createSolanaAccount, {
    client: signedRequest(project, { path: `/v2/${family}/accounts`, body }),
    project: project.rows,
    existing: null,
  });
  if (created === null) throw new Error('no account was created');
  return { project, documents, created };
}

it('signs what the reference accepts, and nothing that it rejects', async () => {
  const seen = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(policy, policy, request, async (ofProject, ofAccount, described) => {
      const task = taskOf(described);
      fc.pre(task !== null);
      const { family, operation, path, body } = task;
      const { project, documents, created } = await govern(family, ofProject, ofAccount);
      const { address } = created.view;
      const client = signedRequest(project, {
        path: `/v2/${family}/accounts/${address}${path}`,
        body: body(address),
      });
      const rows = { account: created.account, walletKey: created.walletKey };
      const call = enclave.call(operation, { client, project: project.rows, rows, policies: documents });
      const outcome = await call.then(
        (answer) => Buffer.from(answer.body).toString(),
        (error: { code: string }) => error.code,
      );
      const verdict = referenceVerdict(ofProject, ofAccount, describeForReference(described));
      if (verdict === 'reject') expect(outcome).toBe('POLICY_VIOLATION');
      else expect(outcome).toMatch(/^\{"signature":"|^\{"signedTransaction":"/);
      const kind = `${described.operation} ${verdict}`;
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
    }),
    { numRuns: 500, seed: 5 },
  );
  // Six operations, each signed and refused.
  expect(seen.size).toBe(12);
  expect(enclave.internalErrors).toEqual([]);
});
