import { jsonAnswer } from '../json.ts';
import type { Answer, OpenRequest } from '../request.ts';
import type { Services } from '../services.ts';

/** 200 when requests can be signed, else 503; which of the two parts is at fault, and nothing more. */
export async function getHealth(_request: OpenRequest, { enclave, store }: Services): Promise<Answer> {
  const phase = enclave.status?.phase ?? 'unreachable';
  const isReadable = await store.assertReadable().then(
    () => true,
    () => false,
  );
  const isHealthy = phase === 'ready' && isReadable;
  const body = {
    status: isHealthy ? 'ok' : 'unavailable',
    enclave: phase,
    store: isReadable ? 'ok' : 'unavailable',
  };
  return jsonAnswer(isHealthy ? 200 : 503, body);
}
