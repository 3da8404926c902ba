import { renderKeyPolicy } from '../../../enclave-app/src/kms/key-policy.ts';
import type { RateLimits } from '../../../parent-proxy/src/auth/rate-limiter.ts';
import type { LaunchMeasurements } from '../nsm/nsm-simulator.ts';

/** The AWS names of a deployment that never leaves this machine; the account number is the one of AWS's documentation. */
export const TWIN_KEY_ARN = 'arn:aws:kms:us-east-1:111122223333:key/00000000-0000-4000-8000-000000000001';
const INSTANCE_ROLE = 'arn:aws:iam::111122223333:role/strongroom-parent';
const ADMINISTRATOR = 'arn:aws:iam::444455556666:user/strongroom-key-administrator';

/** What the parent instance's role is known by at the KMS simulator. */
export const TWIN_CREDENTIALS = {
  accessKeyId: 'ASIATWINPARENT000001',
  secretAccessKey: 'the-twin-is-on-this-machine-alone-0000001',
  sessionToken: null,
  principalArn: INSTANCE_ROLE,
} as const;

/** 10,000 requests a second: nothing that one machine asks for is refused. */
export const TWIN_RATE_LIMITS: RateLimits = { perKey: 100_000, perProject: 100_000 };

export interface TwinConfigurationOptions {
  readonly keyArns?: readonly string[];
  readonly limits?: {
    replayTableEntries?: number;
    replayTableEntriesPerProject?: number;
    recordMarks?: number;
    minRecoveryWaitMs?: number;
  };
}

/** The measured configuration of the twin's enclave, as the bytes of its file. */
export function twinConfiguration({
  keyArns = [TWIN_KEY_ARN],
  limits = {},
}: TwinConfigurationOptions = {}): Uint8Array {
  const configuration = {
    version: 1,
    securityEpoch: 1,
    kms: {
      keys: keyArns.map((arn, index) => ({ arn, relayPort: 8000 + index })),
      instanceRole: INSTANCE_ROLE,
      administrator: ADMINISTRATOR,
    },
    vsock: { listenPort: 5000, parentCid: 3 },
    limits: {
      replayTableEntries: 1_000_000,
      replayTableEntriesPerProject: 500_000,
      recordMarks: 1_000_000,
      ...limits,
    },
  };
  return Buffer.from(`${JSON.stringify(configuration, null, 2)}\n`);
}

/** The key policy that admits these images, as the administrator would put it. */
export function twinKeyPolicy(
  images: readonly LaunchMeasurements[],
  state: 'genesis' | 'operational',
  retiredGenerations: readonly number[] = [],
) {
  return renderKeyPolicy({
    instanceRole: INSTANCE_ROLE,
    administrator: ADMINISTRATOR,
    images: images.map(({ pcr0, pcr1, pcr2 }) => ({ pcr0: hex(pcr0), pcr1: hex(pcr1), pcr2: hex(pcr2) })),
    state,
    retiredGenerations,
  });
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
