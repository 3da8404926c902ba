// TRUST BOUNDARY: connections from the parent.
import type { Duplex } from 'node:stream';
import {
  decodeRequest,
  encodeResponse,
  type RequestEnvelope,
  type ResponseEnvelope,
} from '../wire/envelope.ts';
import { FrameReader } from '../wire/frame.ts';
import { WireError } from '../wire/wire-error.ts';
import { FrameWriter } from './frame-writer.ts';

export interface OperationServerOptions {
  /** Answers one request and never throws. */
  readonly handle: (request: RequestEnvelope) => Promise<ResponseEnvelope>;
  /** Requests of one connection in work at a time; the next ones wait in the peer's socket. */
  readonly maxInFlight: number;
  /** Bytes of such requests; one request is always let in. Without it their number is the only bound. */
  readonly maxInFlightBytes?: number;
}

/** Serves one connection until it ends. Answers leave in the order in which they are ready. */
export function serveConnection(
  stream: Duplex,
  { handle, maxInFlight, maxInFlightBytes = Number.POSITIVE_INFINITY }: OperationServerOptions,
): void {
  const reader = new FrameReader();
  const writer = new FrameWriter(stream);
  let inFlight = 0;
  let inFlightBytes = 0;
  let wake: (() => void) | null = null;

  async function answer(payload: Uint8Array): Promise<void> {
    inFlight++;
    inFlightBytes += payload.length;
    const response = await answerPayload(payload, handle);
    inFlight--;
    inFlightBytes -= payload.length;
    if (!stream.destroyed) writer.write(encodeResponse(response));
    wake?.();
  }

  async function mayContinue(): Promise<void> {
    while ((inFlight >= maxInFlight || inFlightBytes >= maxInFlightBytes) && !stream.destroyed) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      wake = null;
    }
    // A peer that asks and does not read gets no further answers prepared for it.
    await writer.drained();
  }

  async function serve(): Promise<void> {
    // Leaving the loop must not destroy the stream: a broken frame is still to be answered.
    for await (const chunk of stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
      for (const payload of reader.push(chunk)) {
        await mayContinue();
        void answer(payload);
      }
    }
  }

  stream.on('error', () => undefined);
  stream.on('close', () => wake?.());
  serve().catch((error: unknown) => endBroken(stream, writer, error));
}

async function answerPayload(
  payload: Uint8Array,
  handle: OperationServerOptions['handle'],
): Promise<ResponseEnvelope> {
  let request: RequestEnvelope;
  try {
    request = decodeRequest(payload);
  } catch (error) {
    return { id: 0, err: { code: error instanceof WireError ? error.code : 'INTERNAL' } };
  }
  return await handle(request);
}

/** After a broken frame the next one cannot be found: say why, once, and hang up. */
function endBroken(stream: Duplex, writer: FrameWriter, error: unknown): void {
  if (!(error instanceof WireError) || stream.destroyed) {
    stream.destroy();
    return;
  }
  writer.write(encodeResponse({ id: 0, err: { code: error.code } }));
  stream.end(() => stream.destroy());
}
