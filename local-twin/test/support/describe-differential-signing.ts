import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { types } from '../../../enclave-app/test/property/evm-transaction-arbitraries.ts';
import { type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import {
  compareMessages,
  compareSolanaMessages,
  compareSolanaTransactions,
  compareTransactions,
  compareTypedData,
  openSharedAccount,
  type SharedAccount,
} from './differential-signing.ts';

/** @param count of requests of each chain family in all */
export function describeDifferentialSigning(count: number): void {
  let lab: Laboratory;
  let evm: SharedAccount;
  let solana: SharedAccount;
  const part = (share: number) => Math.round(count * share);
  let compared = { evm: 0, solana: 0 };

  beforeAll(async () => {
    lab = await openLaboratory();
    const enclave = await lab.bootReady();
    evm = await openSharedAccount(enclave, 'evm');
    solana = await openSharedAccount(enclave, 'solana');
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  describe(`of ${count} random requests of each family, the enclave signs`, () => {
    it.each(types)('%s transactions as viem does', async (type) => {
      compared = { ...compared, evm: compared.evm + (await compareTransactions(evm, type, part(0.14))) };
    });
    it('typed data as viem and ethers do', async () => {
      compared = { ...compared, evm: compared.evm + (await compareTypedData(evm, part(0.15))) };
    });
    it('messages and hashes as viem does', async () => {
      compared = { ...compared, evm: compared.evm + (await compareMessages(evm, part(0.15))) };
    });
    it('Solana messages as noble does', async () => {
      compared = { ...compared, solana: compared.solana + (await compareSolanaMessages(solana, part(0.5))) };
    });
    it('Solana transactions as kit and noble do', async () => {
      const more = await compareSolanaTransactions(solana, part(0.5));
      compared = { ...compared, solana: compared.solana + more };
    });
    it('every one of them', () => {
      expect(compared).toEqual({ evm: count, solana: count });
    });
  });
}
