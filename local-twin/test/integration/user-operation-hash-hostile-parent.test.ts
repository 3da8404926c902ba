// A parent that shows another user operation than the one whose hash the client signs.
import { signEvmHash } from '@strongroom/shared/operations/sign-evm-hash';
import { type Address, type Hex, recoverAddress } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LabAccount, type LabProject, signedRequest } from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import type { LabPolicy } from '../support/lab-policy.ts';
import {
  callsBody,
  callTo,
  createLabWallet,
  hashOfOperation,
  LAB_PROPOSAL,
  type LabCall,
  type LabSmartAccount,
  ownersOf,
} from '../support/lab-user-operation.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const ALLOWED: Address = '0x00000000000000000000000000000000000000aa';
const OTHER: Address = '0x00000000000000000000000000000000000000bb';

let lab: Laboratory;
let enclave: LabEnclave;
let project: LabProject;
let policy: LabPolicy;
let owner: LabAccount;
let wallet: LabSmartAccount;

beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
  ({ project, policy, owner, wallet } = await createLabWallet(enclave, ALLOWED));
});
afterAll(() => lab[Symbol.asyncDispose]());

describe('the hash of a user operation', () => {
  const shown = (calls: LabCall[], changes: object = {}) => ({
    sender: Buffer.from(wallet.address.slice(2), 'hex'),
    owners: ownersOf(wallet),
    body: Buffer.from(JSON.stringify({ network: 'base-sepolia', calls: callsBody(calls) })),
    proposal: LAB_PROPOSAL,
    ...changes,
  });
  const sign = (hash: Hex, userOperation?: object) =>
    enclave.call(signEvmHash, {
      client: signedRequest(project, { path: `/v2/evm/accounts/${owner.address}/sign`, body: { hash } }),
      project: project.rows,
      rows: owner.rows,
      policies: [policy.document],
      ...(userOperation !== undefined && { userOperation }),
    } as never);

  it('is signed when its calls are allowed', async () => {
    const calls = [callTo(ALLOWED), callTo(ALLOWED, 2n)];
    const hash = hashOfOperation(wallet, calls);
    const { signature } = JSON.parse(Buffer.from((await sign(hash, shown(calls))).body).toString());
    expect(await recoverAddress({ hash, signature })).toBe(owner.address);
  });

  it('is not signed when they are not, nor when the operation is concealed', async () => {
    const calls = [callTo(ALLOWED), callTo(OTHER)];
    const hash = hashOfOperation(wallet, calls);
    await expect(sign(hash, shown(calls))).rejects.toThrow(code('POLICY_VIOLATION'));
    await expect(sign(hash)).rejects.toThrow(code('POLICY_VIOLATION'));
    await expect(sign(hashOfOperation(wallet, [callTo(ALLOWED)]))).rejects.toThrow(code('POLICY_VIOLATION'));
  });

  it('is not signed under the calls, chain, fees or account of another operation', async () => {
    const hash = hashOfOperation(wallet, [callTo(OTHER)]);
    await expect(sign(hash, shown([callTo(ALLOWED)]))).rejects.toThrow(code('PROPOSAL_REFUSED'));
    const elsewhere = hashOfOperation(wallet, [callTo(ALLOWED)], { chainId: 8453 });
    await expect(sign(elsewhere, shown([callTo(ALLOWED)]))).rejects.toThrow(code('PROPOSAL_REFUSED'));
    const proposal = { ...LAB_PROPOSAL, nonce: 4 };
    const allowed = hashOfOperation(wallet, [callTo(ALLOWED)]);
    await expect(sign(allowed, shown([callTo(ALLOWED)], { proposal }))).rejects.toThrow(
      code('PROPOSAL_REFUSED'),
    );
    const sender = Buffer.alloc(20, 1);
    await expect(sign(allowed, shown([callTo(ALLOWED)], { sender }))).rejects.toThrow(
      code('RECORD_MISMATCH'),
    );
  });

  it('is not signed for an account that would be its own first owner but is not there', async () => {
    const self = { address: wallet.owners[0] as Address, owners: wallet.owners };
    const of = (proposal: typeof LAB_PROPOSAL) =>
      sign(
        hashOfOperation(self, [callTo(ALLOWED)], { proposal }),
        shown([callTo(ALLOWED)], { sender: ownersOf(self)[0], proposal }),
      );
    expect((await of(LAB_PROPOSAL)).status).toBe(200);
    await expect(of({ ...LAB_PROPOSAL, isDeployed: false })).rejects.toThrow(code('PROPOSAL_REFUSED'));
  });

  it('is not signed beyond the cap of fees', async () => {
    const proposal = { ...LAB_PROPOSAL, maxFeePerGas: 2e9 + 1 };
    const hash = hashOfOperation(wallet, [callTo(ALLOWED)], { proposal });
    await expect(sign(hash, shown([callTo(ALLOWED)], { proposal }))).rejects.toThrow(
      code('FEE_CAP_EXCEEDED'),
    );
  });

  it('that comes with what is no body is refused', async () => {
    const hash = hashOfOperation(wallet, [callTo(ALLOWED)]);
    await expect(sign(hash, shown([], { body: Buffer.from('{') }))).rejects.toThrow(code('MALFORMED_JSON'));
    for (const body of ['[]', '{"network":"base-sepolia"}', '{"network":"mars","calls":[]}'])
      await expect(sign(hash, shown([], { body: Buffer.from(body) }))).rejects.toThrow(
        code('INVALID_REQUEST'),
      );
  });
});
