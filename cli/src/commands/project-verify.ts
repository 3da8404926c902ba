import type { ProjectCertificate } from '@strongroom/attestation/project-certificate';
import { ClientError } from '@strongroom/client/client-error';
import { verifyProject } from '@strongroom/client/verify-service';
import { walletSecretId } from '@strongroom/client/wallet-secrets';
import type { Command } from '../framework/command.ts';
import { integer } from '../framework/values.ts';
import { openVerified } from '../input/owner.ts';
import { SERVICE_OPTIONS } from '../input/service-options.ts';

const JSON_SHAPE =
  '{ projectId, deploymentId, recordVersion, recordDigest, walletSecrets: [{ id, publicKey, state, notAfterMs }], apiKeys: [{ id, algorithm, scopes }], authorities, policyAuthority, exportAllowed, maxFeeWei }';

export const projectVerify: Command = {
  name: 'project verify',
  role: 'owner',
  summary: 'verify the enclave, and a fresh certificate of who may do what in the project',
  description:
    'Keep the record version that you saw last and give it back: it never goes down, unless somebody brought back an old record.',
  options: {
    ...SERVICE_OPTIONS,
    'at-least-version': {
      type: 'integer',
      placeholder: 'N',
      range: [1, Number.MAX_SAFE_INTEGER],
      summary: 'the record version that you saw last; an older one is refused',
    },
  },
  examples: [
    'strongroom project verify --credentials acme.json',
    'strongroom project verify --credentials acme.json --at-least-version 7 --json',
  ],
  json: JSON_SHAPE,

  async run({ values }) {
    const { service, identity, project, file } = await openVerified(values);
    const certificate = await verifyProject(service, identity, project);
    const atLeast = integer(values, 'at-least-version') ?? 1;
    if (certificate.recordVersion < atLeast)
      throw new ClientError(
        'RECORD_OLDER',
        `The enclave certifies record version ${certificate.recordVersion}; you saw ${atLeast}.`,
      );
    const json = shownProject(certificate, file.projectId, identity.deploymentId);
    return { text: `Verified.\n${linesOf(json)}`, json };
  },
};

export const projectShow: Command = {
  ...projectVerify,
  name: 'project show',
  summary: 'show who may do what in the project, as the enclave certifies it',
  description: 'Nothing is shown that was not verified.',
  options: SERVICE_OPTIONS,
  examples: ['strongroom project show --credentials acme.json'],

  async run({ values }) {
    const { service, identity, project, file } = await openVerified(values);
    const certificate = await verifyProject(service, identity, project);
    const json = shownProject(certificate, file.projectId, identity.deploymentId);
    return { text: linesOf(json), json };
  },
};

type ShownProject = ReturnType<typeof shownProject>;

function shownProject(certificate: ProjectCertificate, projectId: string, deploymentId: Uint8Array) {
  const { recordVersion, recordDigest, walletSecrets, apiKeys } = certificate;
  const { authorities, policyAuthority, exportAllowed, maxFeeWei } = certificate;
  return {
    projectId,
    deploymentId: Buffer.from(deploymentId).toString('hex'),
    recordVersion,
    recordDigest: Buffer.from(recordDigest).toString('hex'),
    walletSecrets: walletSecrets.map(({ publicKey, state, notAfterMs }) => ({
      id: walletSecretId(publicKey),
      publicKey: Buffer.from(publicKey).toString('base64'),
      state,
      notAfterMs,
    })),
    apiKeys: apiKeys.map(({ id, algorithm, scopes }) => ({ id, algorithm, scopes })),
    authorities,
    policyAuthority,
    exportAllowed,
    maxFeeWei,
  };
}

function linesOf(project: ShownProject): string {
  const secrets = project.walletSecrets.map(({ id, state }) => `${id} (${state})`);
  const keys = project.apiKeys.map(({ id, scopes }) => `${id} (${scopes.join(', ')})`);
  return [
    `Deployment ${project.deploymentId}`,
    `Project ${project.projectId}, record version ${project.recordVersion}`,
    `Wallet Secrets: ${secrets.join(', ')}`,
    `API keys: ${keys.join('; ')}`,
    `Authorities: ${project.authorities.join(', ')}`,
    `Policies change by ${project.policyAuthority}; export is ${project.exportAllowed ? 'allowed' : 'not allowed'}; at most ${project.maxFeeWei} wei in fees`,
  ].join('\n');
}
