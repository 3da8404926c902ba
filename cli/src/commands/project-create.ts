import { createProject } from '@strongroom/client/create-project';
import { connectService } from '@strongroom/client/service';
import type { Command } from '../framework/command.ts';
import { UsageError } from '../framework/usage-error.ts';
import { flag, list, newFilePath, readSecretFile, required, text, type Values } from '../framework/values.ts';
import { type CredentialsFile, pinsForFile, writeCredentials } from '../input/credentials-file.ts';
import { SCOPES } from '../input/scopes.ts';
import { checkUrl, PIN_OPTIONS, readPins } from '../input/service-options.ts';

const TOKEN_VARIABLE = 'STRONGROOM_ENROLMENT_TOKEN';

export const projectCreate: Command = {
  name: 'project create',
  role: 'owner',
  summary: 'make a project, whose secrets are made on this machine',
  description:
    'Verifies the enclave, signs the project as a whole, and writes a secret only after the certificate shows exactly what was signed.',
  options: {
    ...PIN_OPTIONS,
    url: { ...PIN_OPTIONS.url, isRequired: true },
    out: {
      type: 'file',
      isRequired: true,
      summary: 'new file for API key and Wallet Secret, written once, mode 0600',
    },
    authority: {
      type: 'text',
      placeholder: 'HOST[:PORT]',
      isRepeatable: true,
      summary: 'as your programs dial the service; default: the host of --url',
    },
    'policy-authority': {
      type: 'text',
      placeholder: 'WHO',
      choices: ['wallet', 'api-key'],
      summary:
        'who changes policies; default: wallet. As the CDP SDK does it: api-key, and whoever holds or relays one can change them',
    },
    'allow-export': { type: 'flag', summary: 'let keys leave, encrypted to a key of yours' },
    scope: {
      type: 'text',
      placeholder: 'SCOPE',
      isRepeatable: true,
      choices: SCOPES,
      summary: 'of the API key; default: read and sign',
    },
    'enrolment-token-file': { type: 'file', summary: "the operator's permission to make a project" },
  },
  secrets: { [TOKEN_VARIABLE]: 'the permission itself, when no file is named' },
  examples: [
    'strongroom project create --url https://wallet.example.com --pcr0 9f… --pcr1 4b… --pcr2 e1… --enrolment-token-file token --out acme.json',
  ],
  json: '{ projectId, deploymentId, apiKeyId, credentialsFile }',

  async run({ values, environment }) {
    const url = checkUrl(required(values, 'url'));
    const out = newFilePath(values);
    const pins = readPins(values, null);
    const project = await createProject({
      service: connectService(url),
      pins,
      choices: {
        authorities: list(values, 'authority') ?? [new URL(url).host],
        policyAuthority: text(values, 'policy-authority') === 'api-key' ? 'api-key' : 'wallet',
        exportAllowed: flag(values, 'allow-export'),
        scopes: list(values, 'scope') ?? ['read', 'sign'],
      },
      enrolmentToken: enrolmentTokenOf(values, environment),
    });
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
    const file: CredentialsFile = {
      baseUrl: url,
      projectId: hex(project.projectId),
      deploymentId: hex(project.deploymentId),
      apiKeyId: project.apiKey.id,
      apiKeySecret: project.apiKey.secret,
      walletSecret: project.walletSecret.secret,
      ...pinsForFile(values, pins),
    };
    writeCredentials(out, file);
    const { projectId, deploymentId, apiKeyId } = file;
    return {
      text: `Project ${projectId}\nThe enclave's certificate shows exactly what was signed.\nAPI key and Wallet Secret are in ${out}, and nowhere else.`,
      json: { projectId, deploymentId, apiKeyId, credentialsFile: out },
    };
  },
};

function enrolmentTokenOf(values: Values, environment: Readonly<NodeJS.ProcessEnv>): string | null {
  const file = text(values, 'enrolment-token-file');
  return file === undefined ? (environment[TOKEN_VARIABLE] ?? null) : tokenOf(readSecretFile(file));
}

/** @throws UsageError when it cannot be sent in a header */
function tokenOf(content: string): string {
  const token = content.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new UsageError('The file of --enrolment-token-file does not hold one token.');
}
