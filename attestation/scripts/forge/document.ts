// Writes attestation documents, right or with one defect each.
import { Buffer } from 'node:buffer';
import { createHash, sign } from 'node:crypto';
import { array, bstr, hex, map, NULL, openMap, tstr, uint } from './cbor-writer.ts';
import { chain, type Defects, type Issued, MODULE_ID, NOW_MS, type Role } from './chain.ts';

export const NONCE = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex');
export const pcr = (label: string): Buffer => createHash('sha384').update(label).digest();
export const PINS = [pcr('image'), pcr('kernel'), pcr('application')] as const;
export const ZERO_PCR = Buffer.alloc(48);

/** What a case may replace of a document. */
export interface DocumentDefects {
  readonly certificates?: Partial<Record<Role, Defects>>;
  /** Certificates in the document, from the chain that was issued: root first, leaf last. */
  readonly bundle?: (issued: readonly Issued[]) => {
    readonly cabundle: readonly Uint8Array[];
    readonly leaf: Uint8Array;
  };
  /** Encoded values by field; null leaves the field out. */
  readonly fields?: Readonly<Record<string, Uint8Array | null>>;
  /** Encoded keys and values after the known fields. */
  readonly extra?: readonly (readonly [Uint8Array, Uint8Array])[];
  readonly payload?: (entries: readonly (readonly [Uint8Array, Uint8Array])[]) => Uint8Array;
  readonly hash?: string;
  readonly signature?: (signature: Buffer) => Uint8Array;
  /** Puts the envelope together. */
  readonly envelope?: (parts: EnvelopeParts) => Uint8Array;
}

export interface EnvelopeParts {
  readonly header: Uint8Array;
  readonly unprotected: Uint8Array;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

const HEADER = hex('a1013822');

export const pcrMap = (values: readonly (readonly [number, Uint8Array])[]): Buffer =>
  map(...values.map(([index, value]) => [uint(index), bstr(value)] as const));

/** Sixteen PCRs: the image, PCR3, PCR4, zeros. */
export const pcrValues = (count = 16): readonly (readonly [number, Uint8Array])[] =>
  Array.from({ length: count }, (_, index) => [
    index,
    PINS[index] ?? (index < 5 ? pcr(`pcr${index}`) : ZERO_PCR),
  ]);

export const envelope = ({ header, unprotected, payload, signature }: EnvelopeParts): Buffer =>
  array(bstr(header), unprotected, bstr(payload), bstr(signature));

/** Writes and signs one document under `root`. */
export function document(root: Issued, defects: DocumentDefects = {}): Uint8Array {
  const issued = chain(root, defects.certificates);
  const leaf = issued.at(-1) ?? root;
  const bundle = defects.bundle?.(issued) ?? {
    cabundle: issued.slice(0, -1).map((link) => link.der),
    leaf: leaf.der,
  };
  const fields: Record<string, Uint8Array | null> = {
    module_id: tstr(MODULE_ID),
    digest: tstr('SHA384'),
    timestamp: uint(NOW_MS),
    pcrs: pcrMap(pcrValues()),
    certificate: bstr(bundle.leaf),
    cabundle: array(...bundle.cabundle.map(bstr)),
    public_key: NULL,
    user_data: bstr(Buffer.from('user-data')),
    nonce: bstr(NONCE),
    ...defects.fields,
  };
  const entries = Object.entries(fields).flatMap(([name, value]) =>
    value === null ? [] : [[tstr(name), value] as const],
  );
  const all = [...entries, ...(defects.extra ?? [])];
  const payload = (defects.payload ?? ((pairs) => openMap(...pairs)))(all);
  const signed = array(tstr('Signature1'), bstr(HEADER), bstr(Buffer.alloc(0)), bstr(payload));
  const key = { key: leaf.key.privateKey, dsaEncoding: 'ieee-p1363' as const };
  const signature = sign(defects.hash ?? 'sha384', signed, key);
  const parts = {
    header: HEADER,
    unprotected: hex('a0'),
    payload,
    signature: defects.signature?.(signature) ?? signature,
  };
  return (defects.envelope ?? envelope)(parts);
}
