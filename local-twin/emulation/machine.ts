import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ground } from './ground.ts';
import { HOST_CID } from './host-vsock.ts';
import { type RigProcess, startProcess } from './process.ts';
import { GUEST_CLOCK } from './qemu.ts';

const BOOT_TIMEOUT_MS = 90_000;
const BOOT_ATTEMPTS = 3;

/** Socket of vhost-device-vsock for this machine; absent when the guest has no vsock device. */
export interface VsockBackend {
  readonly vhostSocket: string;
}

export interface GuestOptions {
  readonly ramdiskFile: string;
  /** Further words of the kernel's command line. */
  readonly kernelOptions?: readonly string[];
  readonly memoryMiB: number;
  readonly vsock?: VsockBackend;
}

export interface EnclaveOptions {
  readonly eifFile: string;
  readonly memoryMiB: number;
  readonly vsock: VsockBackend;
}

/** A folder of its own for a machine's sockets and log; removed with `await using`. */
export function scratchDir(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'strongroom-rig-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

// Without KVM every machine is translated; more than one processor was measured to hang now and then.
const COMMON = [
  '-accel',
  'tcg,thread=multi',
  '-cpu',
  'max',
  '-smp',
  '1',
  '-nodefaults',
  '-display',
  'none',
  '-serial',
  'stdio',
  '-no-reboot',
  '-global',
  'virtio-mmio.force-legacy=false',
];

/** Boots Debian's kernel with a ramdisk on a microvm; resolves once its init has started the application. */
export async function bootGuest(ground: Ground, dir: string, options: GuestOptions): Promise<RigProcess> {
  const size = `${options.memoryMiB}M`;
  const words = ['console=ttyS0', 'quiet', 'panic=-1', GUEST_CLOCK, ...(options.kernelOptions ?? [])];
  // The machine's own clock counts whole seconds and was measured a second late: every token would wait until it is due.
  if (options.vsock) words.push(`strongroom.clock_cid=${HOST_CID}`);
  const machine = [
    '-M',
    'microvm,acpi=on,memory-backend=mem',
    '-m',
    size,
    '-object',
    `memory-backend-memfd,id=mem,size=${size},share=on`,
  ];
  const vsock = options.vsock
    ? [
        '-chardev',
        `socket,id=vsock,path=${options.vsock.vhostSocket}`,
        '-device',
        'vhost-user-vsock-device,chardev=vsock',
      ]
    : [];
  return await boot(ground, dir, [
    ...machine,
    ...vsock,
    '-kernel',
    ground.kernel,
    '-initrd',
    options.ramdiskFile,
    '-append',
    words.join(' '),
  ]);
}

/** Boots an EIF on QEMU's nitro-enclave machine; resolves once its init has started the application. */
export async function bootEnclave(ground: Ground, dir: string, options: EnclaveOptions): Promise<RigProcess> {
  const machine = `nitro-enclave,vsock=vsock,id=i-0123456789abcdef0-enc0123456789abcd,acpi=on`;
  const chardev = `socket,id=vsock,path=${options.vsock.vhostSocket}`;
  return await boot(ground, dir, [
    '-M',
    machine,
    '-m',
    `${options.memoryMiB}M`,
    '-chardev',
    chardev,
    '-kernel',
    options.eifFile,
  ]);
}

/** A boot that hangs before the init is the emulator's failure, and tried again; anything after it is ours, and is not. */
async function boot(ground: Ground, dir: string, machine: readonly string[]): Promise<RigProcess> {
  const firmware = ground.firmwareDirs.flatMap((folder) => ['-L', folder]);
  for (let attempt = 1; ; attempt++) {
    const guest = startProcess(
      [ground.qemu, ...firmware, ...COMMON, ...machine],
      join(dir, `console-${attempt}.log`),
    );
    try {
      await guest.waitForLog(/INIT (start|failed)/, BOOT_TIMEOUT_MS);
      return guest;
    } catch (error) {
      await guest[Symbol.asyncDispose]();
      if (attempt === BOOT_ATTEMPTS) throw error;
    }
  }
}
