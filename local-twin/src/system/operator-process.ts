// The twin's composition root of the operator's rotation: production code on TCP, in a process that can be killed.
import { createOperationClient } from '@strongroom/shared/channel/operation-client';
import { tcpDialer } from '@strongroom/shared/transport/dev/tcp';
import { rotateRootKey } from '../../../parent-proxy/src/rotation/rotate-root-key.ts';
import type { RotationProgress } from '../../../parent-proxy/src/rotation/rotation-progress.ts';
import { receiveOptions } from './child.ts';
import { openTwinStore, type TwinStoreLocation } from './twin-store.ts';

export interface OperatorProcessOptions {
  /** That the proxy has open too. */
  readonly store: TwinStoreLocation;
  readonly enclavePort: number;
  readonly generation: number;
  readonly settleMs: number;
  /** Of the time, how much the rotation may work. */
  readonly share: number;
}

/** What the process tells: how far it is, and how it ended. */
export type OperatorMessage =
  | { readonly kind: 'progress'; readonly progress: RotationProgress; readonly cpuUs: number }
  | { readonly kind: 'done'; readonly certificate: Uint8Array }
  | { readonly kind: 'failed'; readonly code: string };

const options = await receiveOptions<OperatorProcessOptions>();
const store = await openTwinStore(options.store);
const client = createOperationClient({
  connect: () => tcpDialer(options.enclavePort).dial(),
  maxInFlight: 4,
  deadlineMs: 60_000,
});
process.on('disconnect', () => process.exit(1));

try {
  const { certificate } = await rotateRootKey({
    call: client.call,
    store,
    generation: options.generation,
    keyArns: null,
    settleMs: options.settleMs,
    share: options.share,
    report: (progress) => tell({ kind: 'progress', progress, cpuUs: cpuUs() }),
  });
  tell({ kind: 'done', certificate });
} catch (error) {
  tell({ kind: 'failed', code: error instanceof Error ? error.message : 'unknown' });
} finally {
  client.close();
  await store.close();
  process.disconnect();
}

function tell(message: OperatorMessage): void {
  process.send?.(message);
}

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
