import { Buffer } from 'node:buffer';
import { createHash, type Hash } from 'node:crypto';

/** What an image measures to, lower-case hexadecimal of 48 bytes each. */
export interface EifPcrs {
  readonly pcr0: string;
  readonly pcr1: string;
  readonly pcr2: string;
  /** Null for an image that nobody signed; the register is then zero. */
  readonly pcr8: string | null;
}

/** PCR = SHA-384(48 zero bytes || SHA-384(content)), as nitro-cli computes it (eif_hasher.rs, tpm_extend_finalize_reset). */
function extendZero(content: Hash): string {
  return createHash('sha384').update(Buffer.alloc(48)).update(content.digest()).digest('hex');
}

/**
 * Measures an image from the contents of its sections, in the order of the file. The registers cover contents only: neither
 * the borders between sections, nor metadata, flags, memory, CPUs.
 */
export class EifMeasurement {
  readonly #image = createHash('sha384');
  readonly #boot = createHash('sha384');
  readonly #application = createHash('sha384');

  /** Kernel or command line. */
  addBoot(chunk: Uint8Array): void {
    this.#image.update(chunk);
    this.#boot.update(chunk);
  }

  /** @param index of the ramdisk: the first belongs to PCR1, the others to PCR2 */
  addRamdisk(index: number, chunk: Uint8Array): void {
    this.#image.update(chunk);
    (index === 0 ? this.#boot : this.#application).update(chunk);
  }

  /** @param signingCertificate DER of the certificate that signed the image, or null */
  finish(signingCertificate: Uint8Array | null): EifPcrs {
    return {
      pcr0: extendZero(this.#image),
      pcr1: extendZero(this.#boot),
      pcr2: extendZero(this.#application),
      pcr8: signingCertificate && extendZero(createHash('sha384').update(signingCertificate)),
    };
  }

  /** PCR0 of what was added so far. */
  pcr0(): string {
    return extendZero(this.#image.copy());
  }
}
