import { cpioOfTree, fileContent } from '../../attestation/eif/cpio.ts';
import { DETERMINISTIC_METADATA, writeEif } from '../../attestation/eif/write-eif.ts';
import type { ImagePcrs } from '../../enclave-app/src/kms/key-policy.ts';
import { imageStart } from '../../scripts/enclave-image/image-start.ts';
import type { Ground } from './ground.ts';
import { HOST_CID } from './host-vsock.ts';
import { scratchDir } from './machine.ts';
import { GUEST_CLOCK } from './qemu.ts';
import { fillBootstrap, writeStart } from './ramdisk.ts';

/** As AWS's, but for the ACPI that Debian's kernel needs to find the devices, and the CID under which QEMU shows the parent. */
const COMMAND_LINE = `reboot=k panic=-1 console=ttyS0 quiet random.trust_cpu=on ${GUEST_CLOCK} strongroom.heartbeat_cid=${HOST_CID}`;
const PRODUCTION_MAIN = 'enclave-app/src/main.ts';

export interface EmulationImage {
  readonly ground: Ground;
  /** Sources with the Dockerfile.enclave that says how the image starts. */
  readonly repository: string;
  /** Folder of the application's ramdisk: holds `rootfs`, and gets the rest. */
  readonly application: string;
  /** Composition root, relative to the repository. */
  readonly main: string;
}

/**
 * Writes an EIF for QEMU, started as Dockerfile.enclave says. Its kernel is Debian's: not for Nitro.
 * @returns its measurements
 */
export async function writeEmulationImage(
  eifFile: string,
  { ground, repository, application, main }: EmulationImage,
): Promise<ImagePcrs> {
  const { command, environment } = imageStart(repository);
  const words = command.map((word) => word.replace(compiledPath(PRODUCTION_MAIN), compiledPath(main)));
  writeStart(application, { command: words, environment });
  using bootstrap = scratchDir();
  fillBootstrap(bootstrap.path, ground);
  const { pcr0, pcr1, pcr2 } = await writeEif(eifFile, {
    architecture: 'x86_64',
    kernel: await fileContent(ground.kernel),
    commandLine: COMMAND_LINE,
    ramdisks: [await cpioOfTree(bootstrap.path), await cpioOfTree(application)],
    metadata: DETERMINISTIC_METADATA,
  });
  return { pcr0, pcr1, pcr2 };
}

function compiledPath(main: string): string {
  return `/app/${main.replace(/\.ts$/, '.js')}`;
}
