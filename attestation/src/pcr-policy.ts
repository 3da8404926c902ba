import { PCR_BYTES } from './attestation-document.ts';
import { assertThat } from './attestation-error.ts';
import { type Bytes, equalBytes, isAllZero, isBytes } from './bytes.ts';

/** What one image measures to, 48 bytes each: `nitro-cli` prints them, `strongroom-attest pcrs` computes them. */
export interface ImageMeasurement {
  /** The whole image. */
  readonly pcr0: Uint8Array;
  /** Kernel, command line and first ramdisk. */
  readonly pcr1: Uint8Array;
  /** The other ramdisks: the application. */
  readonly pcr2: Uint8Array;
}

export interface PcrPins {
  readonly images: readonly ImageMeasurement[];
  /** Further pins by index: the values that are allowed there. */
  readonly allowed: ReadonlyMap<number, readonly Bytes[]>;
}

type Pcrs = ReadonlyMap<number, Bytes>;
const IMAGE_PCRS = [0, 1, 2] as const;

/** Checks and copies pinned images. @throws POLICY_PCR_MISSING, POLICY_PCR_EMPTY, POLICY_PCR_LENGTH, POLICY_PCR_ZERO */
export function readImages(images: readonly ImageMeasurement[]): readonly ImageMeasurement[] {
  assertThat(Array.isArray(images), 'POLICY_PCR_MISSING');
  assertThat(images.length > 0, 'POLICY_PCR_EMPTY');
  return images.map((image: ImageMeasurement) => {
    assertThat(typeof image === 'object' && image !== null, 'POLICY_PCR_MISSING');
    const fields = Object.keys(image);
    assertThat(
      fields.every((field) => /^pcr[012]$/.test(field)),
      'POLICY_INVALID',
    );
    assertThat(fields.length === IMAGE_PCRS.length, 'POLICY_PCR_MISSING');
    return { pcr0: readPcr(image.pcr0), pcr1: readPcr(image.pcr1), pcr2: readPcr(image.pcr2) };
  });
}

/** Checks and copies allowed values of one PCR. @throws POLICY_PCR_EMPTY, POLICY_PCR_LENGTH, POLICY_PCR_ZERO */
export function readPcrSet(values: readonly Uint8Array[]): readonly Bytes[] {
  assertThat(Array.isArray(values) && values.length > 0, 'POLICY_PCR_EMPTY');
  return values.map(readPcr);
}

function readPcr(value: Uint8Array): Bytes {
  assertThat(isBytes(value) && value.length === PCR_BYTES, 'POLICY_PCR_LENGTH');
  assertThat(!isAllZero(value), 'POLICY_PCR_ZERO');
  return Uint8Array.from(value);
}

/**
 * Refuses debug mode, which shows as zero in PCR0, PCR1 and PCR2 while PCR3 and PCR4 keep their values. One zero is enough.
 * @throws PCR_ABSENT, DEBUG_DOCUMENT
 */
export function assertNotDebug(pcrs: Pcrs): void {
  for (const index of IMAGE_PCRS) assertThat(!isAllZero(pcrAt(pcrs, index)), 'DEBUG_DOCUMENT');
}

/** @throws PCR_ABSENT, NOT_DEBUG_DOCUMENT unless PCR0, PCR1 and PCR2 are all zero */
export function assertDebug(pcrs: Pcrs): void {
  for (const index of IMAGE_PCRS) assertThat(isAllZero(pcrAt(pcrs, index)), 'NOT_DEBUG_DOCUMENT');
}

/** Goes through the pins, never through the document's own list. @throws PCR_ABSENT, PCR_MISMATCH */
export function assertPinned(pcrs: Pcrs, { images, allowed }: PcrPins): void {
  const [pcr0, pcr1, pcr2] = [pcrAt(pcrs, 0), pcrAt(pcrs, 1), pcrAt(pcrs, 2)];
  for (const [index, actual] of [pcr0, pcr1, pcr2].entries()) {
    const known = images.some((image) =>
      equalBytes([image.pcr0, image.pcr1, image.pcr2][index] ?? image.pcr0, actual),
    );
    assertThat(known, 'PCR_MISMATCH', `PCR${index}`);
  }
  const isImage = images.some(
    (image) => equalBytes(image.pcr0, pcr0) && equalBytes(image.pcr1, pcr1) && equalBytes(image.pcr2, pcr2),
  );
  assertThat(isImage, 'PCR_MISMATCH', 'PCR0, PCR1 and PCR2 are of different images');
  for (const [index, values] of allowed) {
    const actual = pcrAt(pcrs, index);
    assertThat(
      values.some((value) => equalBytes(value, actual)),
      'PCR_MISMATCH',
      `PCR${index}`,
    );
  }
}

function pcrAt(pcrs: Pcrs, index: number): Bytes {
  const value = pcrs.get(index);
  assertThat(value !== undefined, 'PCR_ABSENT', `PCR${index}`);
  return value;
}
