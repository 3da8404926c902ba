import { type TwinConfigurationOptions, twinConfiguration } from '../src/system/twin-configuration.ts';
import { HOST_CID } from './host-vsock.ts';

/** The twin's measured configuration with the parent at the CID that QEMU gives it. */
export function emulationConfiguration(options: TwinConfigurationOptions = {}): Uint8Array {
  const configuration = JSON.parse(Buffer.from(twinConfiguration(options)).toString()) as { vsock: object };
  return Buffer.from(
    `${JSON.stringify({ ...configuration, vsock: { ...configuration.vsock, parentCid: HOST_CID } }, null, 2)}\n`,
  );
}
