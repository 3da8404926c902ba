import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ImagePcrs } from '../../enclave-app/src/kms/key-policy.ts';
import type { SystemOptions } from '../src/system/start-system.ts';
import { type EmulatedSystem, startEmulatedSystem } from './emulated-system.ts';
import { emulationConfiguration } from './emulation-configuration.ts';
import { prepareGround } from './ground.ts';
import { bootEnclave } from './machine.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const LISTEN_TIMEOUT_MS = 90_000;
const MEMORY_MIB = 640;

/** Starts the service with its enclave from an EIF on QEMU's nitro-enclave machine: real /dev/nsm, AF_VSOCK, 640 MiB. */
export async function startSystemC(options: SystemOptions): Promise<EmulatedSystem> {
  const ground = await prepareGround();
  return await startEmulatedSystem({
    ...options,
    ground,
    acceptsUnsignedDocuments: true,
    async prepare({ directory, kms }) {
      const configuration = join(directory, 'configuration.json');
      const kmsCa = join(directory, 'kms-ca.pem');
      writeFileSync(configuration, emulationConfiguration(options));
      writeFileSync(kmsCa, kms.caPem);
      const { eifFile, pcrs } = makePcrs(directory, { CONFIG: configuration, EMULATION_KMS_CA: kmsCa });
      return {
        pcrs,
        async boot(dir, vsock) {
          const enclave = await bootEnclave(ground, dir, { eifFile, memoryMiB: MEMORY_MIB, vsock });
          await enclave.waitForLog('ENCLAVE listening', LISTEN_TIMEOUT_MS);
          return enclave;
        },
      };
    },
  });
}

/** Measurements and image as `make pcrs` gives them to anybody. */
function makePcrs(
  directory: string,
  settings: Readonly<Record<string, string>>,
): { eifFile: string; pcrs: ImagePcrs } {
  const image = join(directory, 'image');
  const variables = Object.entries({ ...settings, IMAGE_DIR: image }).map(
    ([name, value]) => `${name}=${value}`,
  );
  const printed = execFileSync('make', ['--silent', 'pcrs', ...variables], {
    cwd: REPOSITORY,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const pcrs = JSON.parse(printed.slice(printed.indexOf('{'))) as ImagePcrs;
  if (readFileSync(join(image, 'pcrs.json'), 'utf8').trim() !== JSON.stringify(pcrs, null, 2))
    throw new Error('pcrs.json differs from what was printed');
  return { eifFile: join(image, 'enclave-emulation-only.eif'), pcrs };
}
