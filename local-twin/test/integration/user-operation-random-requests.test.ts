// Random rules and user operations, through the whole of an enclave: it signs what the reference evaluator accepts, and nothing else.
import { prepareAndSendUserOperation } from '@strongroom/shared/operations/prepare-and-send-user-operation';
import { signEvmHash } from '@strongroom/shared/operations/sign-evm-hash';
import fc from 'fast-check';
import { type Address, type Hex, recoverAddress } from 'viem';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { callBody } from '../../../enclave-app/test/property/policy-encoding.ts';
import {
  type DescribedOperation,
  type Policy,
  referenceOfCalls,
  referenceOfHash,
  userOperation,
  userOperationPolicy,
} from '../../../enclave-app/test/property/user-operation-arbitraries.ts';
import {
  createLabAccount,
  createLabProject,
  type LabProject,
  signedRequest,
} from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { addLabPolicy } from '../support/lab-policy.ts';
import { hashOfOperation, LAB_PROPOSAL, ownersOf, smartAccountOf } from '../support/lab-user-operation.ts';

let lab: Laboratory;
let enclave: LabEnclave;
beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
});
afterAll(() => lab[Symbol.asyncDispose]());

const CHAIN_IDS: Readonly<Record<string, number>> = { base: 8453, 'base-sepolia': 84_532, ethereum: 1 };

/** A smart account of an owner of its own, in a project of its own, with these policies in force. */
async function govern(ofProject: Policy, ofAccount: Policy) {
  let project: LabProject = await createLabProject(enclave);
  const policies: Uint8Array[] = [];
  const add = async (scope: string, rules: Policy) => {
    if (rules === null) return {};
    const added = await addLabPolicy(enclave, project, { scope, rules });
    ({ project } = added);
    policies.push(added.document);
    return { accountPolicy: added.id };
  };
  await add('project', ofProject);
  const attached = await add('account', ofAccount);
  const owner = await createLabAccount(enclave, project, attached);
  return { project, policies, owner, wallet: smartAccountOf(owner) };
}

type Governed = Awaited<ReturnType<typeof govern>>;

function prepareAndSend({ project, policies, owner, wallet }: Governed, body: object) {
  const path = `/v2/evm/smart-accounts/${wallet.address}/user-operations/prepare-and-send`;
  return enclave.call(prepareAndSendUserOperation, {
    client: signedRequest(project, { path, body }),
    project: project.rows,
    owners: ownersOf(wallet),
    ownerIndex: 0,
    rows: owner.rows,
    policies: [...policies],
    proposal: LAB_PROPOSAL,
  });
}

function signHash({ project, policies, owner, wallet }: Governed, hash: Hex, shown: object | null) {
  const userOperation = {
    sender: Buffer.from(wallet.address.slice(2), 'hex'),
    owners: ownersOf(wallet),
    body: Buffer.from(JSON.stringify(shown)),
    proposal: LAB_PROPOSAL,
  };
  return enclave.call(signEvmHash, {
    client: signedRequest(project, { path: `/v2/evm/accounts/${owner.address}/sign`, body: { hash } }),
    project: project.rows,
    rows: owner.rows,
    policies: [...policies],
    ...(shown !== null && { userOperation }),
  });
}

const hashOf = ({ wallet }: Governed, { network, calls }: DescribedOperation) =>
  hashOfOperation(
    wallet,
    calls.map(callBody).map(({ to, value, data }) => ({ to: to as Address, value: BigInt(value), data })),
    { chainId: CHAIN_IDS[network] as number },
  );
const codeOf = (error: { code: string }) => error.code;

it('signs what the reference accepts, and nothing that it rejects', async () => {
  const seen = new Map<string, number>();
  const note = (kind: string) => seen.set(kind, (seen.get(kind) ?? 0) + 1);
  await fc.assert(
    fc.asyncProperty(
      userOperationPolicy,
      userOperationPolicy,
      userOperation,
      async (ofProject, ofAccount, described) => {
        const governed = await govern(ofProject, ofAccount);
        const body = { network: described.network, calls: described.calls.map(callBody) };
        const hash = hashOf(governed, described);

        const ofCalls = referenceOfCalls(ofProject, ofAccount, described);
        const sent = await prepareAndSend(governed, body).then(
          ({ operation }) => `0x${Buffer.from(operation.hash).toString('hex')}`,
          codeOf,
        );
        expect(sent).toBe(ofCalls === 'accept' ? hash : 'POLICY_VIOLATION');
        note(`sent ${ofCalls}`);

        for (const isShown of [true, false]) {
          const ofHash = referenceOfHash(ofProject, ofAccount, { described, isShown });
          const signer = await signHash(governed, hash, isShown ? body : null).then((answer) => {
            const { signature } = JSON.parse(Buffer.from(answer.body).toString()) as { signature: Hex };
            return recoverAddress({ hash, signature });
          }, codeOf);
          expect(signer).toBe(ofHash === 'accept' ? governed.owner.address : 'POLICY_VIOLATION');
          note(`${isShown ? 'shown' : 'concealed'} ${ofHash}`);
        }
      },
    ),
    { numRuns: 60, seed: 7 },
  );
  expect(seen.size).toBe(6);
  expect(enclave.internalErrors).toEqual([]);
}, 60_000);
