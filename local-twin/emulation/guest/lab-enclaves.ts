// The guest of the hostile parent's laboratory: enclaves behind AF_VSOCK, started and ended as the test on the host orders.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import type { Duplex } from 'node:stream';
import { vsockDialer, vsockListen } from '@strongroom/shared/transport/vsock';
import { parseConfiguration } from '../../../enclave-app/src/config.ts';
import { type Enclave, startEnclave } from '../../../enclave-app/src/start-enclave.ts';
import { openNsmPki } from '../../src/nsm/nsm-pki.ts';
import { startNsmSimulator } from '../../src/nsm/nsm-simulator.ts';
import {
  LAB_ORDER_PORT,
  type LabGuestBoot,
  type NumberedOrder,
  onMessages,
  sendMessage,
} from '../lab-guest-messages.ts';

interface GuestEnclave {
  readonly enclave: Enclave;
  jumpModuleClock(ms: number): void;
}

const enclaves = new Map<number, GuestEnclave>();
const bytes = (hex: string) => Buffer.from(hex, 'hex');

function openPki(rootPem: string, directory: string) {
  mkdirSync(directory, { mode: 0o700 });
  writeFileSync(`${directory}/nsm-root.pem`, rootPem, { mode: 0o600 });
  const pki = openNsmPki(directory);
  rmSync(directory, { recursive: true });
  return pki;
}

async function boot(order: LabGuestBoot, onInternalError: (text: string) => void): Promise<GuestEnclave> {
  const configuration = parseConfiguration(Buffer.from(order.configuration));
  const cid = configuration.vsock.parentCid;
  const { pcr0, pcr1, pcr2 } = order.pcrs;
  let aheadMs = 0;
  const enclave = await startEnclave({
    configuration,
    nsm: startNsmSimulator({
      pki: openPki(order.nsmRootPem, `/tmp/pki-${order.listenPort}`),
      measurements: { pcr0: bytes(pcr0), pcr1: bytes(pcr1), pcr2: bytes(pcr2) },
      now: () => Date.now() + aheadMs,
    }),
    kmsRelay: ({ arn }) => vsockDialer({ cid, port: order.relayPorts[arn] as number, timeoutMs: 3000 }),
    kmsTrustRootsPem: order.kmsCaPem,
    clientPurpose: 'client',
    listen: vsockListen(order.listenPort),
    onInternalError: (operation, error) => onInternalError(`${operation}: ${String(error)}`),
  });
  return {
    enclave,
    jumpModuleClock(ms) {
      aheadMs += ms;
    },
  };
}

async function obey(order: NumberedOrder, parent: Duplex): Promise<void> {
  const { listenPort } = order;
  if (order.order === 'boot') {
    const tell = (text: string) => sendMessage(parent, { report: 'internal-error', listenPort, text });
    enclaves.set(listenPort, await boot(order, tell));
    return;
  }
  const running = enclaves.get(listenPort);
  if (!running) throw new Error(`no enclave listens on ${listenPort}`);
  if (order.order === 'jump-module-clock') running.jumpModuleClock(order.ms);
  else if (order.order === 'recheck') await running.enclave.lifecycle.recheck();
  else {
    enclaves.delete(listenPort);
    await running.enclave.close();
  }
}

await vsockListen(LAB_ORDER_PORT)((parent) => {
  onMessages<NumberedOrder>(parent, (order) => {
    const done = (error: string | null) => sendMessage(parent, { report: 'done', id: order.id, error });
    obey(order, parent).then(
      () => done(null),
      (error: unknown) => done(String(error)),
    );
  });
}, 1);
console.log('ENCLAVE laboratory open');
