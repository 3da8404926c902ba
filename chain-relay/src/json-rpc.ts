// TRUST BOUNDARY: answers of RPC nodes and bundlers, over the network.
import * as v from 'valibot';
import { RelayError } from './relay-error.ts';

/** What a node said instead of a result. Its words are for classification, never for a client or a log. */
export class NodeRefusal extends Error {
  readonly rpcCode: number;
  readonly nodeMessage: string;
  readonly data: unknown;
  constructor({ code, message, data }: { code: number; message: string; data?: unknown }) {
    super('NODE_REFUSAL');
    this.name = 'NodeRefusal';
    this.rpcCode = code;
    this.nodeMessage = message;
    this.data = data;
  }
}

/** One endpoint. */
export interface JsonRpc {
  /**
   * @throws RelayError NODE_UNREACHABLE, NODE_ANSWER_REFUSED
   * @throws NodeRefusal
   */
  call<S extends v.GenericSchema>(
    method: string,
    params: readonly unknown[],
    result: S,
  ): Promise<v.InferOutput<S>>;
}

const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
const envelope = v.looseObject({
  result: v.optional(v.unknown()),
  error: v.nullish(v.looseObject({ code: v.number(), message: v.string(), data: v.optional(v.unknown()) })),
});
/** Limit exceeded (EIP-1474), internal error, node behind (Solana): another node, or the same one later, may do better. */
const TEMPORARY_CODES: ReadonlySet<number> = new Set([-32_005, -32_016, 429]);

/** Speaks JSON-RPC 2.0 over HTTP POST. @param url may carry the operator's key, so it goes into no message */
export function createJsonRpc(url: string, timeoutMs: number): JsonRpc {
  let lastId = 0;
  return {
    async call(method, params, result) {
      lastId += 1;
      const text = await post(url, JSON.stringify({ jsonrpc: '2.0', id: lastId, method, params }), timeoutMs);
      const answer = v.safeParse(envelope, parse(text));
      if (!answer.success) throw new RelayError('NODE_ANSWER_REFUSED');
      const { error } = answer.output;
      if (error != null) {
        if (TEMPORARY_CODES.has(error.code)) throw new RelayError('NODE_UNREACHABLE');
        throw new NodeRefusal(error);
      }
      const parsed = v.safeParse(result, answer.output.result);
      if (!parsed.success) throw new RelayError('NODE_ANSWER_REFUSED');
      return parsed.output;
    },
  };
}

async function post(url: string, body: string, timeoutMs: number): Promise<string> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    // Nodes put refusals into 200, 400 or 500; a gateway's error page is no JSON.
    if (response.status === 429 || response.status === 502 || response.status === 503)
      throw new RelayError('NODE_UNREACHABLE');
    return await readUpTo(response, MAX_ANSWER_BYTES);
  } catch (cause) {
    if (cause instanceof RelayError) throw cause;
    throw new RelayError('NODE_UNREACHABLE', { cause });
  }
}

async function readUpTo(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.length;
    if (length > maxBytes) throw new RelayError('NODE_ANSWER_REFUSED');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new RelayError('NODE_ANSWER_REFUSED');
  }
}
