import { Buffer } from 'node:buffer';
import { type KeyObject, sign } from 'node:crypto';
import { array, bstr, hex, tstr } from './cbor-writer.ts';

/** What is to be different about a certificate around its payload. */
export interface Envelope {
  /** The protected header, in place of {1: -8}. */
  readonly header?: Uint8Array;
  readonly unprotected?: Uint8Array;
  readonly signature?: (signature: Buffer) => Uint8Array;
}

/** COSE_Sign1 over a payload that is encoded already, without external data (RFC 9052 section 4.4). */
export function signCertificate(
  payload: Uint8Array,
  key: KeyObject,
  { header = hex('a10127'), unprotected = hex('a0'), signature }: Envelope = {},
): Buffer {
  const signed = array(tstr('Signature1'), bstr(header), bstr(Buffer.alloc(0)), bstr(payload));
  const value = sign(null, signed, key);
  return array(bstr(header), unprotected, bstr(payload), bstr(signature?.(value) ?? value));
}
