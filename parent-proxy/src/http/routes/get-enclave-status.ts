import { jsonAnswer } from '../json.ts';
import type { Answer, OpenRequest } from '../request.ts';
import type { Services } from '../services.ts';

/** What the enclave said of itself last, without proof: for whoever watches the service. The reason is a code of a closed set. */
export async function getEnclaveStatus(_request: OpenRequest, { enclave }: Services): Promise<Answer> {
  const { status } = enclave;
  return jsonAnswer(200, { phase: status?.phase ?? 'unreachable', reason: status?.reason ?? null });
}
