import type { ContextPolicy } from '../src/attestation-policy.ts';
import { decodeBase64, decodeHex } from '../src/bytes.ts';
import type { ImageMeasurement } from '../src/pcr-policy.ts';
import type { AwsPartition } from '../src/trust-anchors.ts';
import { byId } from './elements.ts';

/** What the form asks, in the library's terms. */
export interface Question {
  readonly image: ImageMeasurement | null;
  readonly context: ContextPolicy;
  readonly partition: AwsPartition;
  /** DER; null for AWS's roots. */
  readonly customRoot: Uint8Array | null;
  readonly isDebug: boolean;
}

/** The form cannot be understood; the message is for people. */
export class FormError extends Error {
  override readonly name = 'FormError';
}

const MAX_SKEW_MS = 30_000;

/** Reads the form. @param freshNonce the nonce that a service was asked with, or null @throws FormError */
export function readQuestion(freshNonce: Uint8Array | null): Question {
  const root = byId('root', HTMLSelectElement).value;
  const isDebug = byId('debug', HTMLInputElement).checked;
  return {
    image: isDebug ? null : { pcr0: readPin('pcr0'), pcr1: readPin('pcr1'), pcr2: readPin('pcr2') },
    context: {
      nonce: freshNonce ?? readNonce(),
      nowMs: readTime(),
      maxAgeMs: readSeconds(),
      maxFutureSkewMs: MAX_SKEW_MS,
      userData: 'unchecked',
      publicKey: 'unchecked',
    },
    partition: root === 'aws-us-gov' ? root : 'aws',
    customRoot: root === 'custom' ? readRoot() : null,
    isDebug,
  };
}

const inputOf = (id: string): string => byId(id, HTMLInputElement).value.trim();

function readPin(id: string): Uint8Array {
  const bytes = decodeHex(inputOf(id));
  if (bytes?.length !== 48) throw new FormError(`${id.toUpperCase()} is 96 hexadecimal digits.`);
  return bytes;
}

function readNonce(): Uint8Array | 'none-asked' {
  const text = inputOf('nonce');
  const isNone = byId('no-nonce', HTMLInputElement).checked;
  if (isNone && text === '') return 'none-asked';
  if (isNone) throw new FormError('Either give the nonce, or say that you asked for none.');
  const nonce = decodeHex(text);
  if (nonce === null || nonce.length === 0)
    throw new FormError('Give the nonce in hexadecimal, or say that you asked for none.');
  return nonce;
}

function readTime(): number {
  const text = inputOf('at');
  if (text === '' || text === 'now') return Date.now();
  const isIso = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?Z$/.test(text);
  const ms = isIso ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new FormError('The time is like 2026-11-21T10:00:00Z, or empty for now.');
  return ms;
}

function readSeconds(): number {
  const seconds = Number(inputOf('max-age'));
  if (!Number.isSafeInteger(seconds) || seconds < 0)
    throw new FormError('The oldest age is a whole number of seconds.');
  return seconds * 1000;
}

function readRoot(): Uint8Array {
  const pem = byId('custom-root', HTMLTextAreaElement).value;
  const match = /^\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/.exec(pem);
  const der = match?.[1] === undefined ? null : decodeBase64(match[1].replace(/\s/g, ''));
  if (der === null) throw new FormError('The root certificate is one certificate in PEM.');
  return der;
}
