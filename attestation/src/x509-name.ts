import { type Bytes, encodeHex } from './bytes.ts';
import { DerReader, TAG } from './der.ts';

const ATTRIBUTES: Readonly<Record<string, string>> = {
  '550403': 'CN',
  '550406': 'C',
  '550407': 'L',
  '550408': 'ST',
  '55040a': 'O',
  '55040b': 'OU',
};

/**
 * Writes a Name for people: `C=US, O=Amazon, CN=...` in the order of the bytes. Attributes without a short name come as
 * their object identifier in hexadecimal, characters outside printable ASCII as `?`. Never compare names by this.
 * @param name DER of a Name
 * @throws X509_DER when it is not one
 */
export function formatName(name: Bytes): string {
  const parts: string[] = [];
  const relativeNames = new DerReader(name).inside(TAG.sequence);
  while (!relativeNames.atEnd) {
    const set = relativeNames.inside(TAG.set);
    while (!set.atEnd) {
      const attribute = set.inside(TAG.sequence);
      const id = encodeHex(attribute.content(TAG.objectIdentifier));
      const text = String.fromCharCode(...attribute.content(attribute.nextTag ?? 0));
      parts.push(`${ATTRIBUTES[id] ?? id}=${text.replace(/[^ -~]/g, '?')}`);
    }
  }
  return parts.join(', ');
}
