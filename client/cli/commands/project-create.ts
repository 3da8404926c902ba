import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createProject } from '../../src/create-project.ts';
import { connectService } from '../../src/service.ts';
import type { Command } from '../command.ts';
import { readPins, required, SERVICE_OPTIONS, text } from '../options.ts';
import { UsageError } from '../usage-error.ts';

const { credentials: _notRead, ...options } = SERVICE_OPTIONS;

export const projectCreate: Command = {
  name: 'project create',
  summary:
    'make a project: its secrets are made here, and the enclave proves that it holds exactly what was signed',
  options: {
    ...options,
    authority: { type: 'string', multiple: true },
    'policy-authority': { type: 'string' },
    'allow-export': { type: 'boolean' },
    scope: { type: 'string', multiple: true },
    'enrolment-token-file': { type: 'string' },
    out: { type: 'string' },
  },
  help: `strongroom project create --url URL --pcr0 HEX --pcr1 HEX --pcr2 HEX --out FILE [options]

  --authority HOST[:PORT]       as your programs dial the service; repeatable; default: the host of --url
  --policy-authority WHO        wallet (default: policies change by Wallet Secret) or api-key (as the CDP SDK does: whoever
                                holds an API key, or relays its requests, can change policies)
  --allow-export                let keys leave, encrypted to a key of yours
  --scope SCOPE                 of the API key: read, sign, accounts#export, policies#manage; default read and sign
  --enrolment-token-file FILE   the operator's permission to make a project
  --custom-root PEM             a root that is not AWS's: the local twin's
  --out FILE                    where API key and Wallet Secret are written, once, mode 0600; it must not exist

Example:
  strongroom project create --url https://wallet.example.com --pcr0 9f… --pcr1 4b… --pcr2 e1… --out acme.json`,

  async run(values) {
    const url = required(values, 'url');
    const out = required(values, 'out');
    if (existsSync(out)) throw new UsageError(`${out} exists; secrets are not written over anything.`);
    const pins = readPins(values, null);
    const project = await createProject({
      service: connectService(url),
      pins,
      choices: {
        authorities: list(values['authority']) ?? [new URL(url).host],
        policyAuthority: policyAuthorityOf(text(values, 'policy-authority') ?? 'wallet'),
        exportAllowed: values['allow-export'] === true,
        scopes: list(values['scope']) ?? ['read', 'sign'],
      },
      enrolmentToken: enrolmentTokenOf(text(values, 'enrolment-token-file')),
    });
    const [image] = pins.images;
    const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
    const file = {
      baseUrl: url,
      projectId: hex(project.projectId),
      deploymentId: hex(project.deploymentId),
      apiKeyId: project.apiKey.id,
      apiKeySecret: project.apiKey.secret,
      walletSecret: project.walletSecret.secret,
      pcrs: { '0': hex(image.pcr0), '1': hex(image.pcr1), '2': hex(image.pcr2) },
      ...(text(values, 'custom-root') !== undefined && {
        rootCertificatePem: readFileSync(required(values, 'custom-root'), 'utf8'),
      }),
    };
    writeFileSync(out, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
    const shown = {
      projectId: file.projectId,
      deploymentId: file.deploymentId,
      apiKeyId: file.apiKeyId,
      credentialsFile: out,
    };
    return {
      text: `Project ${shown.projectId}\nThe enclave's certificate shows exactly what was signed.\nAPI key and Wallet Secret are in ${out}, and nowhere else.`,
      json: shown,
    };
  },
};

function list(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined;
}

function policyAuthorityOf(value: string): 'wallet' | 'api-key' {
  if (value === 'wallet' || value === 'api-key') return value;
  throw new UsageError('--policy-authority is wallet or api-key.');
}

function enrolmentTokenOf(path: string | undefined): string | null {
  if (path !== undefined) return readFileSync(path, 'utf8').trim();
  return process.env['STRONGROOM_ENROLMENT_TOKEN'] ?? null;
}
