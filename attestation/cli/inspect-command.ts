import { parseArgs } from 'node:util';
import { AttestationError } from '../src/attestation-error.ts';
import { type Bytes, encodeHex } from '../src/bytes.ts';
import { decodeUnverifiedAttestation, decodeUnverifiedCertificate } from '../src/unverified.ts';
import { formatName } from '../src/x509-name.ts';
import { cborTree } from './cbor-tree.ts';
import { readEvidence } from './evidence.ts';
import { describePcrs } from './report.ts';
import { UsageError } from './usage.ts';
import type { Outcome } from './verify-command.ts';

const WARNING = 'UNVERIFIED: anybody can write what follows. Use "verify" to decide whether to believe it.';

/** Runs `inspect`. @throws UsageError, ServiceError, AttestationError INPUT_TOO_LARGE */
export async function runInspect(args: readonly string[]): Promise<Outcome> {
  const { values, positionals } = parseInspect(args);
  const [source] = positionals;
  if (source === undefined || positionals.length !== 1) throw new UsageError('inspect takes one FILE.');
  const isJson = values.json ?? false;
  const { document } = await readEvidence(source, values.base64 ?? false);
  try {
    const claims = describeClaims(document);
    const json = { verified: false, ...claims };
    return { exitCode: 0, json, text: `${WARNING}\n${JSON.stringify(claims, null, 2)}`, isJson };
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error;
    const json = { verified: false, code: error.code, reason: error.message };
    const text = `${WARNING}\nNot an attestation document: ${error.message} [${error.code}]\n${cborTree(Uint8Array.from(document))}`;
    return { exitCode: 1, json, text, isJson };
  }
}

function parseInspect(args: readonly string[]) {
  const options = { base64: { type: 'boolean' }, json: { type: 'boolean' } } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'The options cannot be read.');
  }
}

function describeClaims(document: Uint8Array): Record<string, unknown> {
  const { moduleId, timestampMs, pcrs, certificate, cabundle, publicKey, userData, nonce, signature } =
    decodeUnverifiedAttestation(document);
  const hexOrNull = (bytes: Bytes | null): string | null => bytes && encodeHex(bytes);
  return {
    moduleId,
    timestamp: new Date(timestampMs).toISOString(),
    pcrs: describePcrs(pcrs),
    pcrIndices: [...pcrs.keys()],
    cabundle: cabundle.map(describeCertificate),
    certificate: describeCertificate(certificate),
    publicKeyHex: hexOrNull(publicKey),
    userDataHex: hexOrNull(userData),
    nonceHex: hexOrNull(nonce),
    signatureHex: encodeHex(signature),
  };
}

function describeCertificate(der: Bytes): Record<string, unknown> {
  try {
    const { subject, issuer, serialNumber, notBeforeMs, notAfterMs, extensions } =
      decodeUnverifiedCertificate(der);
    return {
      subject: formatName(subject),
      issuer: formatName(issuer),
      serialNumberHex: encodeHex(serialNumber),
      notBefore: new Date(notBeforeMs).toISOString(),
      notAfter: new Date(notAfterMs).toISOString(),
      ...extensions,
    };
  } catch (error) {
    if (error instanceof AttestationError)
      return { code: error.code, reason: error.message, bytes: der.length };
    throw error;
  }
}
