// Level B in place of the laboratory's process: the hostile parent's tests run against it unchanged (over-vsock.ts puts it there).
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { createOperationClient } from '@strongroom/shared/channel/operation-client';
import { tcpDialer } from '@strongroom/shared/transport/dev/tcp';
import type { LabBoot, LabEnclave, LabMachine } from '../src/hostile/lab-machine.ts';
import type { LaunchMeasurements } from '../src/nsm/nsm-simulator.ts';
import { prepareGround } from './ground.ts';
import { writeGuestRamdisk } from './guest-image.ts';
import { HOST_CID, type HostVsock, startHostVsock } from './host-vsock.ts';
import { type LabGuest, openLabGuest } from './lab-guest.ts';
import { LAB_ORDER_PORT, type LabGuestBoot } from './lab-guest-messages.ts';
import { bootGuest, scratchDir } from './machine.ts';
import { joinStreams, relayToGuest } from './relay.ts';

const FIRST_ENCLAVE_PORT = 5000;
const FIRST_RELAY_PORT = 8000;
const OPEN_TIMEOUT_MS = 60_000;
const DIAL_TIMEOUT_MS = 10_000;
/** Three times the laboratory's own: a translated processor makes an RSA key for each call of KMS. */
const DEADLINE_MS = 60_000;

/** Boots a guest for a laboratory's enclaves: each has AF_VSOCK ports of its own. */
export async function openLabMachine(): Promise<LabMachine> {
  await using resources = new AsyncDisposableStack();
  const ground = await prepareGround();
  const dir = resources.use(scratchDir());
  const host = resources.use(await startHostVsock(ground, dir.path));
  const ramdiskFile = join(dir.path, 'ramdisk.cpio');
  await writeGuestRamdisk(ramdiskFile, ground, {
    program: 'lab-enclaves.ts',
    packagesOf: ['enclave-app', 'shared'],
  });
  const machine = resources.use(
    await bootGuest(ground, dir.path, { ramdiskFile, memoryMiB: 1024, vsock: host }),
  );
  await machine.waitForLog('ENCLAVE laboratory open', OPEN_TIMEOUT_MS);
  const guest = openLabGuest(await host.dialer(LAB_ORDER_PORT, DIAL_TIMEOUT_MS).dial());
  const kept = resources.move();
  let booted = 0;
  return {
    boot: (boot) => bootEnclave(boot, { host, guest, place: booted++ }),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

interface Place {
  readonly host: HostVsock;
  readonly guest: LabGuest;
  /** Number of the enclave in its guest, which decides its ports. */
  readonly place: number;
}

async function bootEnclave(boot: LabBoot, { host, guest, place }: Place): Promise<LabEnclave> {
  if (boot.nsm) throw new Error('a module of the test’s own cannot be given to a guest');
  const listenPort = FIRST_ENCLAVE_PORT + place;
  const internalErrors = guest.internalErrorsOf(listenPort);
  await guest.obey(await bootOrder(boot, { host, guest, place }));
  const relay = await relayToGuest(host, listenPort);
  const { call, close } = createOperationClient({
    connect: () => tcpDialer(relay.port).dial(),
    maxInFlight: 256,
    deadlineMs: DEADLINE_MS,
  });
  let isClosed = false;
  return {
    call,
    port: relay.port,
    internalErrors,
    recheck: () => guest.obey({ order: 'recheck', listenPort }),
    jumpModuleClock: (ms) => guest.obey({ order: 'jump-module-clock', listenPort, ms }),
    async [Symbol.asyncDispose]() {
      if (isClosed) return;
      isClosed = true;
      close();
      await relay[Symbol.asyncDispose]();
      await guest.obey({ order: 'close', listenPort });
    },
  };
}

type KeyTarget = Parameters<NonNullable<LabBoot['kmsRelay']>>[0];

async function bootOrder(boot: LabBoot, { host, place }: Place): Promise<LabGuestBoot> {
  const configuration = JSON.parse(Buffer.from(boot.configuration).toString()) as {
    vsock: object;
    kms: { keys: readonly KeyTarget[] };
  };
  const keys = configuration.kms.keys;
  const relayPorts: Record<string, number> = {};
  for (const [index, key] of keys.entries()) {
    const port = FIRST_RELAY_PORT + place * 16 + index;
    relayPorts[key.arn] = port;
    await host.listen(port, (socket) => relayToKms(socket, boot, key));
  }
  return {
    order: 'boot',
    listenPort: FIRST_ENCLAVE_PORT + place,
    relayPorts,
    configuration: JSON.stringify({
      ...configuration,
      vsock: { ...configuration.vsock, parentCid: HOST_CID },
    }),
    pcrs: hexOf(boot.measurements),
    nsmRootPem: readFileSync(join(boot.directory, 'nsm-root.pem'), 'utf8'),
    kmsCaPem: boot.kmsTrustRootsPem ?? boot.kms.caPem,
  };
}

/** Joins a call of the enclave's to what the test says is KMS. */
function relayToKms(socket: Socket, { kmsRelay, kms }: LabBoot, key: KeyTarget): void {
  socket.on('error', () => undefined);
  const dialer = kmsRelay ? kmsRelay(key) : tcpDialer(kms.port);
  dialer.dial().then(
    (target) => joinStreams(socket, target),
    () => socket.destroy(),
  );
}

function hexOf({ pcr0, pcr1, pcr2 }: LaunchMeasurements): LabGuestBoot['pcrs'] {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  return { pcr0: hex(pcr0), pcr1: hex(pcr1), pcr2: hex(pcr2) };
}
