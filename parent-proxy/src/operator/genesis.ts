import { pino } from 'pino';
import { createAuditLog } from '../audit-events.ts';
import { connectEnclave } from '../enclave/enclave.ts';
import { createMetrics } from '../metrics/metrics.ts';
import type { Deployment } from './deployment.ts';

const STDERR = 2;

/** What became of it, and the phase in which the enclave is now; null when it does not answer. */
export interface GenesisOutcome {
  readonly outcome: 'made' | 'already-made';
  readonly phase: string | null;
}

/** Makes the deployment, or says that it is there already. @throws OperationError, StoreError */
export async function makeDeployment({ store, dialer, credentials }: Deployment): Promise<GenesisOutcome> {
  const enclave = connectEnclave({
    dialer,
    store,
    credentials,
    metrics: createMetrics(),
    audit: createAuditLog(pino({ base: null }, pino.destination(STDERR))),
    nowMs: Date.now,
  });
  try {
    const outcome = await enclave.runGenesis();
    const status = await enclave.settle();
    return { outcome, phase: status?.phase ?? null };
  } finally {
    enclave.close();
  }
}
