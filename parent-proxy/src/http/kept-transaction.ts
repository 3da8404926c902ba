import type { SendingHands, SignedSend } from '@strongroom/chain-relay/sending';
import * as v from 'valibot';
import { RequestError } from '../request-error.ts';
import type { IdempotencyClaim } from '../store/idempotency-store.ts';
import { readJsonBody } from './json.ts';
import type { Answer, ProjectRequest } from './request.ts';
import type { Services } from './services.ts';

/** All that the proxy has to know of the body; the enclave validates it. */
const sendBody = v.looseObject({
  transaction: v.optional(v.string(), ''),
  network: v.optional(v.string(), ''),
});

/** @throws RequestError MALFORMED_JSON; what is missing or of another type is empty, and the enclave's to refuse */
export function readSendBody({ body }: ProjectRequest): v.InferOutput<typeof sendBody> {
  const parsed = v.safeParse(sendBody, readJsonBody(v.unknown(), body));
  return parsed.success ? parsed.output : { transaction: '', network: '' };
}

/** How the relay makes a signed transaction durable: with the request's idempotency key, and under the token's name once. */
export function keeperOf(
  { principal }: ProjectRequest,
  claim: IdempotencyClaim | null,
  { store }: Services,
): Pick<SendingHands<never>, 'projectId' | 'keep'> {
  return {
    projectId: principal.project.projectId,
    async keep(entry, lease) {
      switch (await store.keepTransaction({ entry, claim, lease })) {
        case 'kept':
        case 'known':
          return;
        case 'token-used':
          throw new RequestError('WALLET_TOKEN_REPLAYED');
        case 'claim-lost':
          throw new RequestError('IDEMPOTENCY_IN_PROGRESS');
        case 'lease-lost':
          throw new RequestError('CONFLICT');
      }
    },
  };
}

interface Repetition {
  readonly request: ProjectRequest;
  readonly madeId: string | null;
  /** Asks the enclave again, by the proposal of the first time. */
  readonly sign: (proposal: string) => Promise<SignedSend>;
}

/** The enclave verifies and signs as the first time, which gives the same bytes; those that were kept are broadcast. */
export async function sendAgain(
  { request, madeId, sign }: Repetition,
  { store, relay }: Services,
): Promise<Answer> {
  const [network, id] = (madeId ?? '').split(' ');
  const entry =
    id === undefined
      ? null
      : await store.findOutboxEntry(request.principal.project.projectId, { network, id } as never);
  // Entry and idempotency row were written in one transaction, and entries outlive the row.
  if (entry === null) throw new RequestError('INTERNAL');
  const { answer, transaction } = await sign(entry.proposal);
  if (transaction.id !== entry.id) throw new RequestError('INTERNAL');
  await relay.outbox.deliverAgain(entry);
  return answer;
}
