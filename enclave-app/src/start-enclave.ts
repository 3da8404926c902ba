import { serveConnection } from '@strongroom/shared/channel/operation-server';
import type { Listen, Listener } from '@strongroom/shared/transport/connection';
import { type Lifecycle, type LifecycleOptions, startLifecycle } from './boot/lifecycle.ts';
import { createDispatch } from './dispatch.ts';
import { createReadyService } from './ready-service.ts';

/** Connections of the parent at a time, and requests in work on each. */
const MAX_CONNECTIONS = 16;
const MAX_IN_FLIGHT = 256;
const RECHECK_INTERVAL_MS = 60 * 60_000;

export interface EnclaveOptions extends LifecycleOptions {
  readonly listen: Listen;
  readonly onInternalError: (operation: string, error: unknown) => void;
}

/** A running enclave. */
export interface Enclave {
  readonly lifecycle: Lifecycle;
  close(): Promise<void>;
}

/**
 * Composes the enclave from its platform: the same function runs it on Nitro, on an emulated machine and on a laptop.
 * @throws NsmError when there is no security module, or it reports a debug enclave
 */
export async function startEnclave(options: EnclaveOptions): Promise<Enclave> {
  const lifecycle = startLifecycle(options);
  const handle = createDispatch({
    lifecycle,
    createService: () => createReadyService(lifecycle, options.configuration),
    onInternalError: options.onInternalError,
  });
  const listener: Listener = await options.listen(
    (stream) => serveConnection(stream, { handle, maxInFlight: MAX_IN_FLIGHT }),
    MAX_CONNECTIONS,
  );
  const recheck = setInterval(() => void lifecycle.recheck(), RECHECK_INTERVAL_MS);
  return {
    lifecycle,
    async close() {
      clearInterval(recheck);
      await listener.close();
    },
  };
}
