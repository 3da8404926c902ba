// TRUST BOUNDARY: HTTP requests, from whoever connects.
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { ContentForm } from './enveloped-data.ts';
import type { KeyStore } from './key-store.ts';
import { KmsException } from './kms-exception.ts';
import { type Answer, OPERATIONS, type OperationName, recipientDocumentOf } from './operations.ts';
import type { KmsCredential } from './principal.ts';
import type { RecipientAttestation } from './recipient-attestation.ts';
import { parseRequestBody, type RequestFields } from './request-fields.ts';
import { verifySignatureV4 } from './signature-v4.ts';

const TARGET_PREFIX = 'TrentService.';
const MAX_BODY_BYTES = 262_144;

/** An answer on its way out, as a test may change it. */
interface TamperedAnswer {
  readonly status: number;
  readonly body: Answer;
}

/** What a test makes go wrong; change it at any time. */
export interface KmsFaults {
  /** Drops every connection as soon as a request arrives on it. */
  outage: boolean;
  latencyMs: number;
  /** How CiphertextForRecipient's content is written. */
  contentForm: ContentForm;
  /** Replaces an answer: forged CMS, a Plaintext, another KeyId, an error. `recipientKey` is the SPKI of the verified document. */
  tamper:
    | ((call: {
        operation: OperationName;
        request: RequestFields;
        answer: TamperedAnswer;
        recipientKey: Uint8Array | null;
      }) => TamperedAnswer)
    | null;
}

export interface KmsServerState {
  readonly keys: KeyStore;
  readonly credentials: ReadonlyMap<string, KmsCredential>;
  readonly verifyRecipient: (document: Uint8Array, nowMs: number) => Promise<RecipientAttestation>;
  readonly now: () => number;
  readonly faults: KmsFaults;
  /** Requests read so far, per operation. */
  readonly requests: Record<OperationName, number>;
}

/** Answers one HTTP request in KMS's JSON 1.1 protocol. */
export async function handleKmsRequest(
  state: KmsServerState,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { faults, now } = state;
  if (faults.outage) {
    request.socket.destroy();
    return;
  }
  const answer = await answerRequest(state, request);
  if (faults.latencyMs > 0) await delay(faults.latencyMs);
  const body = Buffer.from(JSON.stringify(answer.body));
  response.sendDate = false;
  response.writeHead(answer.status, {
    'content-type': 'application/x-amz-json-1.1',
    'content-length': body.length,
    'x-amzn-requestid': randomUUID(),
    date: new Date(now()).toUTCString(),
  });
  response.end(body);
}

/** The catch-all of the server: every failure becomes one of KMS's errors. */
async function answerRequest(state: KmsServerState, request: IncomingMessage): Promise<TamperedAnswer> {
  try {
    return await performOperation(state, request, await readBody(request));
  } catch (error) {
    return refusal(error);
  }
}

function refusal(error: unknown): TamperedAnswer {
  if (error instanceof KmsException) return { status: 400, body: error.toBody() };
  return { status: 500, body: new KmsException('KMSInternalException', null).toBody() };
}

async function performOperation(
  state: KmsServerState,
  request: IncomingMessage,
  body: Uint8Array,
): Promise<TamperedAnswer> {
  const operation = operationOf(request);
  state.requests[operation]++;
  const headers = request.headers as Readonly<Record<string, string | undefined>>;
  const nowMs = state.now();
  const { method = '', url: target = '' } = request;
  const caller = verifySignatureV4({ method, target, headers, body }, state.credentials, nowMs);
  const fields = parseRequestBody(body);
  const { takesRecipient, run } = OPERATIONS[operation];
  const document = takesRecipient ? recipientDocumentOf(fields) : null;
  const recipient = document && (await state.verifyRecipient(document, nowMs));
  const { faults, keys } = state;
  let answer: TamperedAnswer;
  try {
    answer = { status: 200, body: run({ fields, caller, keys, recipient, contentForm: faults.contentForm }) };
  } catch (error) {
    answer = refusal(error);
  }
  return (
    faults.tamper?.({ operation, request: fields, answer, recipientKey: recipient?.publicKey ?? null }) ??
    answer
  );
}

function operationOf(request: IncomingMessage): OperationName {
  const target = request.headers['x-amz-target'];
  const name =
    typeof target === 'string' && target.startsWith(TARGET_PREFIX) ? target.slice(TARGET_PREFIX.length) : '';
  if (request.method !== 'POST' || !Object.hasOwn(OPERATIONS, name))
    throw new KmsException('UnknownOperationException', null);
  return name as OperationName;
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > MAX_BODY_BYTES) throw new KmsException('SerializationException', null);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
