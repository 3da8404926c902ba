import { Decoder } from 'cbor-x/encode';
import type { ImagePcrs } from '../kms/key-policy.ts';
import { type Nsm, NsmError } from './nsm.ts';

const PCR_COUNT = 32;

/**
 * Reads PCR0, PCR1 and PCR2 of this enclave, lowercase hex.
 * @throws NsmError NSM_DEBUG_MODE when one of them is zero, as in a debug enclave: its memory is open to the parent
 */
export function readOwnPcrs(nsm: Nsm): ImagePcrs {
  const [pcr0, pcr1, pcr2] = [0, 1, 2].map((index) =>
    Buffer.from(nsm.describePcr(index).value).toString('hex'),
  );
  if (!pcr0 || !pcr1 || !pcr2 || [pcr0, pcr1, pcr2].some((pcr) => /^0*$/.test(pcr))) {
    throw new NsmError('NSM_DEBUG_MODE');
  }
  return { pcr0, pcr1, pcr2 };
}

/** Locks every PCR, so that nothing that runs here later can add a measurement of its own. */
export function lockAllPcrs(nsm: Nsm): void {
  nsm.lockPcrs(PCR_COUNT);
}

// The document comes from this enclave's own module, not from the parent, and may use indefinite lengths.
const decoder = new Decoder({
  useRecords: false,
  mapsAsObjects: true,
  int64AsNumber: true,
} as ConstructorParameters<typeof Decoder>[0]);

/**
 * Asks the module for the time: the `timestamp` of a fresh attestation document, milliseconds since the Unix epoch.
 * @throws NsmError NSM_INTERNAL_ERROR when the document has none
 */
export function readNsmTime(nsm: Nsm): number {
  const document = nsm.attestation({ userData: null, nonce: null, publicKey: null });
  const [, , payload] = decoder.decode(document) as [unknown, unknown, Uint8Array];
  const { timestamp } = decoder.decode(payload) as { timestamp?: unknown };
  const timestampMs = Number(timestamp);
  if (!Number.isSafeInteger(timestampMs) || timestampMs <= 0) throw new NsmError('NSM_INTERNAL_ERROR');
  return timestampMs;
}
