import { AttestationError, assertThat } from '../src/attestation-error.ts';
import type { ContextPolicy } from '../src/attestation-policy.ts';
import { equalBytes } from '../src/bytes.ts';
import type { ImageMeasurement } from '../src/pcr-policy.ts';
import type { VerifiedEvidence } from '../src/strongroom-evidence.ts';
import { verifyStrongroomService, verifyStrongroomStatus } from '../src/strongroom-service.ts';
import {
  verifyStrongroomServiceWithCustomRoot,
  verifyStrongroomStatusWithCustomRoot,
} from '../src/strongroom-service-with-custom-root.ts';
import type { AuthenticAttestation } from '../src/verified-attestation.ts';
import { verifyAttestation } from '../src/verify-attestation.ts';
import { verifyAttestationWithCustomRoot } from '../src/verify-attestation-with-custom-root.ts';
import {
  verifyDebugAttestation,
  verifyDebugAttestationWithCustomRoot,
} from '../src/verify-debug-attestation.ts';
import { type Evidence, readEvidence } from './evidence.ts';
import { describeAttestation, describeManifest } from './report.ts';
import { UsageError } from './usage.ts';
import { readVerifyOptions, type VerifyOptions } from './verify-options.ts';

/** What a command prints and how the process ends. */
export interface Outcome {
  readonly exitCode: 0 | 1 | 2;
  readonly json: unknown;
  readonly text: string;
  readonly isJson: boolean;
}

type Verified = AuthenticAttestation & { readonly debug: boolean };

/** Runs `verify`. @throws UsageError, ServiceError, AttestationError */
export async function runVerify(args: readonly string[]): Promise<Outcome> {
  const options = await readVerifyOptions(args);
  const evidence = await readEvidence(options.source, options.isBase64);
  const { attestation, manifest } = await verify(options, evidence);
  const described = {
    ...describeAttestation(attestation),
    ...(manifest ? { manifest: describeManifest(manifest) } : {}),
  };
  const verdict = attestation.debug
    ? 'ACCEPTED AS A DEBUG ENCLAVE: its memory can be read; it must not be given a secret.'
    : attestation.trust === 'custom-root'
      ? 'ACCEPTED UNDER A CUSTOM ROOT: whoever holds its key can make any document pass.'
      : 'ACCEPTED';
  const json = { accepted: true, code: 'ACCEPTED', ...described };
  return {
    exitCode: 0,
    json,
    text: `${verdict}\n${JSON.stringify(described, null, 2)}`,
    isJson: options.isJson,
  };
}

async function verify(
  options: VerifyOptions,
  evidence: Evidence,
): Promise<{ readonly attestation: Verified; readonly manifest: VerifiedEvidence['manifest'] | null }> {
  if (evidence.manifest !== null) return verifyService(options, evidence, evidence.manifest);
  const nonce = options.nonce ?? evidence.freshNonce;
  if (nonce === null) throw new UsageError('Either --nonce or --no-nonce is needed.');
  const attestation = await verifyDocument(options, evidence.document, { ...options.context, nonce });
  return { attestation, manifest: null };
}

async function verifyDocument(
  options: VerifyOptions,
  document: Uint8Array,
  context: ContextPolicy,
): Promise<Verified> {
  const { customRoot, partition, pins } = options;
  if (options.isDebug) {
    const debug = customRoot
      ? await verifyDebugAttestationWithCustomRoot(document, context, customRoot)
      : await verifyDebugAttestation(document, { ...context, partition });
    assertDebugPins(debug, options);
    return debug;
  }
  const policy = { ...context, ...pins, images: nonEmpty(options.images) };
  try {
    return await (customRoot
      ? verifyAttestationWithCustomRoot(document, policy, customRoot)
      : verifyAttestation(document, { ...policy, partition }));
  } catch (error) {
    if (error instanceof AttestationError && error.code === 'POLICY_PCR_ZERO')
      await refuseDebug(() => verifyDocument({ ...options, isDebug: true }, document, context));
    throw error;
  }
}

/** Zeros were pinned. If they are this debug enclave's own, the enclave is what is wrong and not only the policy. */
async function refuseDebug(verifyAsDebug: () => Promise<Verified>): Promise<void> {
  const isDebug = await verifyAsDebug().then(
    () => true,
    () => false,
  );
  assertThat(!isDebug, 'DEBUG_DOCUMENT');
}

async function verifyService(
  options: VerifyOptions,
  evidence: Evidence,
  manifest: Uint8Array,
): Promise<VerifiedEvidence> {
  const { customRoot, partition, pins, deploymentId, configurationDigests, isStatus } = options;
  const nonce = options.nonce ?? evidence.freshNonce;
  if (nonce === null || nonce === 'none-asked' || options.isDebug)
    throw new UsageError("A service's evidence is verified with --nonce and without --debug-enclave.");
  const { userData: _, publicKey: __, ...context } = options.context;
  const expected = { deploymentId, configurationDigests, minSecurityEpoch: 0 };
  const policy = { ...context, ...pins, ...expected, nonce, images: nonEmpty(options.images) };
  const untrusted = { attestationDocument: evidence.document, manifest };
  if (customRoot)
    return (isStatus ? verifyStrongroomStatusWithCustomRoot : verifyStrongroomServiceWithCustomRoot)(
      untrusted,
      policy,
      customRoot,
    );
  return (isStatus ? verifyStrongroomStatus : verifyStrongroomService)(untrusted, { ...policy, partition });
}

/** A debug enclave's PCR0, PCR1 and PCR2 are zero, so pins can only say so too. */
function assertDebugPins(attestation: Verified, { images, pins }: VerifyOptions): void {
  const matches = (index: number, value: Uint8Array): boolean => {
    const actual = attestation.pcrs.get(index);
    return actual !== undefined && equalBytes(actual, value);
  };
  const isImage = images.some((image) =>
    [image.pcr0, image.pcr1, image.pcr2].every((value, index) => matches(index, value)),
  );
  assertThat(images.length === 0 || isImage, 'PCR_MISMATCH');
  for (const [name, allowed] of Object.entries(pins))
    assertThat(
      allowed.some((value) => matches(Number(name.slice(3)), value)),
      'PCR_MISMATCH',
      name.toUpperCase(),
    );
}

function nonEmpty(images: readonly ImageMeasurement[]): readonly [ImageMeasurement, ...ImageMeasurement[]] {
  const [first, ...rest] = images;
  if (first === undefined) throw new AttestationError('POLICY_PCR_MISSING');
  return [first, ...rest];
}
