// TRUST BOUNDARY: whatever is dropped, pasted or answered.
import { decodeBase64, decodeHex } from '../src/bytes.ts';

/** A document, and beside those of Strongroom services the manifest. */
export interface LoadedEvidence {
  readonly document: Uint8Array;
  readonly manifest: Uint8Array | null;
}

/** Reads a dropped file: JSON of a service, base64 or hexadecimal text, otherwise the bytes as they are. */
export function readBytes(bytes: Uint8Array): LoadedEvidence {
  const isText =
    bytes.length > 0 &&
    bytes.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d);
  if (!isText) return { document: bytes, manifest: null };
  return readText(new TextDecoder().decode(bytes)) ?? { document: bytes, manifest: null };
}

/** Reads pasted text; null when it is none of the three forms. */
export function readText(text: string): LoadedEvidence | null {
  const trimmed = text.trim();
  if (trimmed.startsWith('{')) return readAnswer(trimmed);
  const compact = trimmed.replace(/\s/g, '');
  const document = decodeHex(compact) ?? decodeBase64(compact);
  return document === null || document.length === 0 ? null : { document, manifest: null };
}

/** Reads {"attestationDocument": base64, "manifest": base64}; null for anything else. */
export function readAnswer(json: string): LoadedEvidence | null {
  let answer: unknown;
  try {
    answer = JSON.parse(json);
  } catch {
    return null;
  }
  const { attestationDocument, manifest = null } = (answer ?? {}) as Record<string, unknown>;
  const document = typeof attestationDocument === 'string' ? decodeBase64(attestationDocument) : null;
  const manifestBytes = typeof manifest === 'string' ? decodeBase64(manifest) : null;
  return document === null || (manifest !== null && manifestBytes === null)
    ? null
    : { document, manifest: manifestBytes };
}
