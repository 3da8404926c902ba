import type { CheckedKeyPolicy } from '../attest/manifest.ts';
import type { AnchoredClock } from '../clock.ts';
import type { Kms } from '../kms/kms.ts';

/** Checks each key with KMS, in turn, for the manifest. @throws OperationError KMS_* */
export async function checkKeys(
  kms: Kms,
  keyArns: readonly string[],
  clock: AnchoredClock,
): Promise<CheckedKeyPolicy[]> {
  const checked: CheckedKeyPolicy[] = [];
  for (const keyArn of keyArns) {
    const { digest, images } = await kms.checkKey(keyArn);
    const pcrs = images.map(({ pcr0, pcr1, pcr2 }) => ({
      pcr0: Buffer.from(pcr0, 'hex'),
      pcr1: Buffer.from(pcr1, 'hex'),
      pcr2: Buffer.from(pcr2, 'hex'),
    }));
    checked.push({ keyArn, digest, pcrs, checkedAtMs: clock.nowMs() });
  }
  return checked;
}
