import type { ImagePcrs } from '../../enclave-app/src/kms/key-policy.ts';
import { decodeUnsignedEmulationDocument } from '../src/kms/emulation-document.ts';

/** PCR0, PCR1 and PCR2 that a document of QEMU's module names. Nothing is verified: QEMU signs nothing. */
export function documentPcrs(untrustedDocument: Uint8Array): ImagePcrs {
  const document = decodeUnsignedEmulationDocument(untrustedDocument);
  if (document === null) throw new Error('not a document of QEMU');
  const [pcr0, pcr1, pcr2] = [0, 1, 2].map((index) =>
    Buffer.from(document.pcrs.get(index) ?? []).toString('hex'),
  );
  return { pcr0: pcr0 ?? '', pcr1: pcr1 ?? '', pcr2: pcr2 ?? '' };
}
