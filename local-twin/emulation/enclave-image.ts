import { readFileSync } from 'node:fs';
import { type EifParts, measureParts, type Pcrs, writeEif } from '../../scripts/enclave-image/eif-image.ts';
import { imageStart } from '../../scripts/enclave-image/image-start.ts';
import type { Ground } from './ground.ts';
import { HOST_CID } from './host-vsock.ts';
import { GUEST_CLOCK } from './qemu.ts';
import { applicationRamdisk, bootstrapRamdisk } from './ramdisk.ts';

/** As AWS's, but for the ACPI that Debian's kernel needs to find the devices, and the CID under which QEMU shows the parent. */
const COMMAND_LINE = `reboot=k panic=-1 console=ttyS0 quiet random.trust_cpu=on ${GUEST_CLOCK} strongroom.heartbeat_cid=${HOST_CID}`;
const PRODUCTION_MAIN = 'enclave-app/src/main.ts';
/** AWS asks for four times the size of the image. */
const MEMORY_BYTES = 640 * 1024 * 1024;

export interface EmulationImage {
  readonly eif: Buffer;
  readonly pcrs: Pcrs;
}

/** Makes an EIF for QEMU of a root folder, started as Dockerfile.enclave says. Its kernel is Debian's: not for Nitro. */
export function packEmulationImage(
  ground: Ground,
  repository: string,
  rootfs: string,
  main: string,
): EmulationImage {
  const { command, environment } = imageStart(repository);
  const words = command.map((word) => word.replace(compiledPath(PRODUCTION_MAIN), compiledPath(main)));
  const parts: EifParts = {
    kernel: readFileSync(ground.kernel),
    commandLine: COMMAND_LINE,
    ramdisks: [bootstrapRamdisk(ground), applicationRamdisk({ rootfs, command: words, environment })],
  };
  return { eif: writeEif(parts, { memoryBytes: MEMORY_BYTES, processors: 2 }), pcrs: measureParts(parts) };
}

function compiledPath(main: string): string {
  return `/app/${main.replace(/\.ts$/, '.js')}`;
}
