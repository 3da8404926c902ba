import type { ImagePcrs } from '../../enclave-app/src/kms/key-policy.ts';

/** Below /app in the guest. */
export const TWIN_OPTIONS_FILE = 'twin-guest-options.json';

/** What the enclave of level B is told through a file in its ramdisk. */
export interface TwinGuestOptions {
  /** Text of the measured configuration. */
  readonly configuration: string;
  /** What the simulated security module measures. */
  readonly pcrs: ImagePcrs;
  /** Key and certificate of the simulated module's root. */
  readonly nsmRootPem: string;
  readonly kmsCaPem: string;
}
