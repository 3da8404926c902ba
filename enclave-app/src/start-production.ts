import type { NsmErrorCode, StartRefusal } from '@strongroom/shared/phase';
import { findStartRefusal, type Surroundings } from './boot/start-conditions.ts';
import { type Nsm, NsmError } from './nsm/nsm.ts';
import { type Enclave, type EnclaveOptions, startEnclave, startFailedEnclave } from './start-enclave.ts';

export interface ProductionOptions extends Omit<EnclaveOptions, 'nsm' | 'clientPurpose'> {
  readonly surroundings: Surroundings;
  /** @throws NsmError */
  readonly openNsm: () => Nsm;
}

/** Starts the enclave where it may run and has a security module, and elsewhere one that says why it does not. */
export async function startProduction(options: ProductionOptions): Promise<Enclave> {
  const { surroundings, openNsm, ...others } = options;
  const nsm = findStartRefusal(surroundings) ?? nsmOrCode(openNsm);
  if (typeof nsm === 'string')
    return await startFailedEnclave(nsm satisfies StartRefusal | NsmErrorCode, options);
  return await startEnclave({ ...others, nsm, clientPurpose: 'client' });
}

function nsmOrCode(openNsm: () => Nsm): Nsm | NsmErrorCode {
  try {
    return openNsm();
  } catch (error) {
    if (error instanceof NsmError) return error.code;
    throw error;
  }
}
