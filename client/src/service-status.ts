// TRUST BOUNDARY: what a service says of itself, without proof.
import { createCaller, invalidAnswer } from './service-call.ts';

/** The phase of the enclave as the parent tells it, and why it is not `ready`. */
export interface ServiceStatus {
  readonly phase: string;
  /** A code; null when there is nothing to say. */
  readonly reason: string | null;
}

/** Asks for the phase; nothing of it is verified. @throws ClientError */
export async function readServiceStatus(baseUrl: string): Promise<ServiceStatus> {
  const { json } = await createCaller(baseUrl).call({ method: 'GET', path: '/v2/enclave/status' });
  const { phase, reason } = json;
  if (typeof phase !== 'string' || !/^[a-z-]{1,32}$/.test(phase)) throw invalidAnswer('phase');
  if (reason !== null && (typeof reason !== 'string' || !/^[A-Z0-9_]{1,64}$/.test(reason)))
    throw invalidAnswer('reason');
  return { phase, reason };
}
