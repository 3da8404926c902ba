import { connectService } from '@strongroom/client/service';
import { readServiceStatus } from '@strongroom/client/service-status';
import { attestService, type ServicePins } from '@strongroom/client/verify-service';
import type { Command } from '../framework/command.ts';
import { UsageError } from '../framework/usage-error.ts';
import { text } from '../framework/values.ts';
import { readCredentials } from '../input/credentials-file.ts';
import { checkUrl, readPins, SERVICE_OPTIONS } from '../input/service-options.ts';

export const status: Command = {
  name: 'status',
  role: 'anyone',
  summary: 'show the phase of a service and, with pins, what its enclave proves of itself',
  description: 'Without credentials file or pins, only what the parent says, which is no proof.',
  options: SERVICE_OPTIONS,
  examples: [
    'strongroom status --credentials acme.json',
    'strongroom status --url https://wallet.example.com --json',
  ],
  json: '{ url, phase, reason, attestation: { deploymentId, securityEpoch, manifestVersion, rootGeneration, configurationDigest, pcrs, moduleId, at, kmsKeys: [{ keyArn, images, checkedAt }] } or null }',

  async run({ values }) {
    const file = text(values, 'credentials') === undefined ? null : readCredentials(values);
    const address = text(values, 'url') ?? file?.baseUrl;
    if (address === undefined) throw new UsageError('Name the service with --url, or a credentials file.');
    const url = checkUrl(address);
    const { phase, reason } = await readServiceStatus(url);
    const isPinned = file !== null || text(values, 'pcr0') !== undefined;
    const attestation = isPinned && phase === 'ready' ? await attest(url, readPins(values, file)) : null;
    const lines = attestation === null ? [unprovenOf(isPinned)] : linesOf(attestation);
    return {
      text: [`${stateOf(url, phase)}${reason === null ? '' : ` (${reason})`}`, ...lines].join('\n'),
      json: { url, phase, reason, attestation },
    };
  },
};

function stateOf(url: string, phase: string): string {
  return phase === 'unreachable' ? `${url} answers, and does not reach its enclave` : `${url} is ${phase}`;
}

function unprovenOf(isPinned: boolean): string {
  return isPinned
    ? 'Nothing of this is proven: an enclave proves itself when it is ready.'
    : 'Nothing of this is proven: give a credentials file, or pins.';
}

type ShownAttestation = Awaited<ReturnType<typeof attest>>;

async function attest(url: string, pins: ServicePins) {
  const { attestation, manifest, deploymentId } = await attestService(connectService(url), pins);
  const hex = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString('hex');
  return {
    deploymentId: hex(deploymentId),
    securityEpoch: manifest.securityEpoch,
    manifestVersion: manifest.v,
    rootGeneration: manifest.root?.generation ?? null,
    configurationDigest: hex(manifest.configurationDigest),
    pcrs: [0, 1, 2].map((index) => hex(attestation.pcrs.get(index))),
    moduleId: attestation.moduleId,
    at: new Date(attestation.timestampMs).toISOString(),
    kmsKeys: manifest.kmsPolicies.map(({ keyArn, pcrs, checkedAtMs }) => ({
      keyArn,
      images: pcrs.length,
      checkedAt: new Date(checkedAtMs).toISOString(),
    })),
  };
}

function linesOf({
  deploymentId,
  securityEpoch,
  rootGeneration,
  pcrs,
  at,
  kmsKeys,
}: ShownAttestation): string[] {
  return [
    `Verified at ${at}: deployment ${deploymentId}`,
    `Security epoch ${securityEpoch}, root key generation ${rootGeneration}`,
    ...pcrs.map((pcr, index) => `PCR${index} ${pcr}`),
    ...kmsKeys.map(
      ({ keyArn, images, checkedAt }) => `${keyArn} admits ${images} image(s), checked ${checkedAt}`,
    ),
  ];
}
