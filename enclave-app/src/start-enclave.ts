import type { Duplex } from 'node:stream';
import { serveConnection } from '@strongroom/shared/channel/operation-server';
import type { StatusReason } from '@strongroom/shared/phase';
import type { Listen } from '@strongroom/shared/transport/connection';
import { startLifecycle } from './boot/enclave-lifecycle.ts';
import { createFailedLifecycle } from './boot/failed-lifecycle.ts';
import type { Lifecycle, LifecycleOptions } from './boot/lifecycle.ts';
import { createDispatch } from './dispatch.ts';
import { NsmError } from './nsm/nsm.ts';
import { createReadyService } from './ready-service.ts';
import { startTelemetry, type Telemetry } from './telemetry/telemetry.ts';

/** Connections of the parent at a time, and what is in work on each. */
const MAX_CONNECTIONS = 16;
const MAX_IN_FLIGHT = 256;
const MAX_IN_FLIGHT_BYTES = 4 << 20;
const RECHECK_INTERVAL_MS = 60 * 60_000;

interface Face {
  readonly listen: Listen;
  readonly onInternalError: (operation: string, error: unknown) => void;
}

export interface EnclaveOptions extends Face, Omit<LifecycleOptions, 'telemetry'> {}

/** A running enclave. */
export interface Enclave {
  readonly lifecycle: Lifecycle;
  close(): Promise<void>;
}

/**
 * Composes the enclave from its platform: the same function runs it on Nitro, on an emulated machine and on a laptop. Where the security module
 * fails, or reports a debug enclave, it runs in phase `failed`.
 */
export async function startEnclave(options: EnclaveOptions): Promise<Enclave> {
  const telemetry = startTelemetry();
  const lifecycle = lifecycleOrFailed({ ...options, telemetry });
  const handle = createDispatch({
    lifecycle,
    telemetry,
    createService: () => createReadyService(lifecycle, options.configuration, telemetry.counters),
    onInternalError: options.onInternalError,
  });
  return await serve(options.listen, { lifecycle, telemetry, handle });
}

/** Runs an enclave that may not start, so that it can say why: it answers its status and nothing else. */
export async function startFailedEnclave(reason: StatusReason, face: Face): Promise<Enclave> {
  const telemetry = startTelemetry();
  const lifecycle = createFailedLifecycle(reason);
  const createService = () => {
    throw new Error('a failed enclave has no service');
  };
  const { onInternalError } = face;
  const handle = createDispatch({ lifecycle, telemetry, createService, onInternalError });
  return await serve(face.listen, { lifecycle, telemetry, handle });
}

function lifecycleOrFailed(options: LifecycleOptions): Lifecycle {
  try {
    return startLifecycle(options);
  } catch (error) {
    if (!(error instanceof NsmError)) throw error;
    return createFailedLifecycle(error.code);
  }
}

interface Composed {
  readonly lifecycle: Lifecycle;
  readonly telemetry: Telemetry;
  readonly handle: ReturnType<typeof createDispatch>;
}

async function serve(listen: Listen, { lifecycle, telemetry, handle }: Composed): Promise<Enclave> {
  const { connections } = telemetry.counters;
  const listener = await listen((stream: Duplex) => {
    connections.accepted += 1;
    connections.open += 1;
    stream.once('close', () => {
      connections.open -= 1;
    });
    serveConnection(stream, { handle, maxInFlight: MAX_IN_FLIGHT, maxInFlightBytes: MAX_IN_FLIGHT_BYTES });
  }, MAX_CONNECTIONS);
  const recheck = setInterval(() => void lifecycle.recheck(), RECHECK_INTERVAL_MS);
  return {
    lifecycle,
    async close() {
      clearInterval(recheck);
      telemetry.stop();
      await listener.close();
    },
  };
}
