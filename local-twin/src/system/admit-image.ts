import type { KmsSimulator } from '../kms/kms-simulator.ts';
import type { LaunchMeasurements } from '../nsm/nsm-simulator.ts';
import { twinKeyPolicy } from './twin-configuration.ts';

/** What the key administrator does when a new image is released: makes the keys that are missing, and puts the policy on each. */
export function admitImage(
  kms: KmsSimulator,
  keyArns: readonly string[],
  image: LaunchMeasurements,
  state: 'genesis' | 'operational',
): void {
  const policy = twinKeyPolicy([image], state);
  for (const arn of keyArns) {
    if (kms.hasKey(arn)) kms.setPolicy(arn, policy);
    else kms.createKey({ arn, policy });
  }
}
