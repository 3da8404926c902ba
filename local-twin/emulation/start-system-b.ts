// Level B in place of the laptop's system: the end-to-end suite runs against it unchanged (over-vsock.ts puts it there).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { System, SystemOptions } from '../src/system/start-system.ts';
import { startEmulatedSystem } from './emulated-system.ts';
import { emulationConfiguration } from './emulation-configuration.ts';
import { prepareGround } from './ground.ts';
import { writeGuestRamdisk } from './guest-image.ts';
import { bootGuest } from './machine.ts';
import { TWIN_OPTIONS_FILE, type TwinGuestOptions } from './twin-guest-options.ts';

const LISTEN_TIMEOUT_MS = 60_000;
/** Stand for an image that level B does not have. */
const PCRS = { pcr0: 'b0'.repeat(48), pcr1: 'b1'.repeat(48), pcr2: 'b2'.repeat(48) };

/** Starts the service with its enclave in a guest, reached over AF_VSOCK; otherwise as the laptop's `startSystem`. */
export async function startSystem(options: SystemOptions): Promise<System> {
  const ground = await prepareGround();
  return await startEmulatedSystem({
    ...options,
    ground,
    acceptsUnsignedDocuments: false,
    async prepare({ directory, kms }) {
      const guestOptions: TwinGuestOptions = {
        configuration: Buffer.from(emulationConfiguration(options)).toString(),
        pcrs: PCRS,
        nsmRootPem: readFileSync(join(directory, 'nsm-root.pem'), 'utf8'),
        kmsCaPem: kms.caPem,
      };
      const ramdiskFile = join(directory, 'ramdisk.cpio');
      await writeGuestRamdisk(ramdiskFile, ground, {
        program: 'twin-enclave.ts',
        packagesOf: ['enclave-app', 'shared'],
        files: { [TWIN_OPTIONS_FILE]: JSON.stringify(guestOptions) },
      });
      return {
        pcrs: PCRS,
        async boot(dir, vsock) {
          const guest = await bootGuest(ground, dir, { ramdiskFile, memoryMiB: 1024, vsock });
          await guest.waitForLog('ENCLAVE listening', LISTEN_TIMEOUT_MS);
          return guest;
        },
      };
    },
  });
}
