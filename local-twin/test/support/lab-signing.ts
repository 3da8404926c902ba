import type { ClientRequest } from '@strongroom/shared/operations/fields';
import { signEvmHash } from '@strongroom/shared/operations/sign-evm-hash';
import type { HttpAnswer } from '@strongroom/shared/wire/envelope';
import type { SigningProject } from '../../src/hostile/lab-owner.ts';
import { type LabAccount, type LabProject, signedRequest } from '../../src/hostile/lab-project.ts';
import type { LabEnclave } from '../../src/hostile/laboratory.ts';

export const LAB_HASH = `0x${'ab'.repeat(32)}`;

/** Honest signing calls of one account, in which a parent may change anything. */
export interface LabSigning {
  signPath(address?: string): string;
  signRequestOf(project?: LabProject, address?: string): ClientRequest;
  sign(changes?: Record<string, unknown>, to?: LabEnclave): Promise<HttpAnswer>;
}

export function createLabSigning(
  enclave: LabEnclave,
  { project, account }: { readonly project: LabProject; readonly account: LabAccount },
): LabSigning {
  const signPath = (address = account.address) => `/v2/evm/accounts/${address}/sign`;
  const signRequestOf = (by = project, address = account.address) =>
    signedRequest(by, { path: signPath(address), body: { hash: LAB_HASH } });
  return {
    signPath,
    signRequestOf,
    sign: (changes = {}, to = enclave) =>
      to.call(signEvmHash, {
        client: signRequestOf(),
        project: project.rows,
        rows: account.rows,
        ...changes,
      } as never),
  };
}

/** Has the enclave sign `LAB_HASH` for whoever holds the project's Wallet Secret, with a token of now or of another second. */
export function signHashBy(
  enclave: LabEnclave,
  project: SigningProject,
  account: LabAccount,
  issuedAtS?: number,
): Promise<HttpAnswer> {
  const path = `/v2/evm/accounts/${account.address}/sign`;
  const request = { path, body: { hash: LAB_HASH }, ...(issuedAtS !== undefined && { issuedAtS }) };
  const client = signedRequest(project, request);
  return enclave.call(signEvmHash, { client, project: project.rows, rows: account.rows });
}
