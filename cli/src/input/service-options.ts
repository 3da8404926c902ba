import type { ServicePins } from '@strongroom/client/verify-service';
import type { Options } from '../framework/command.ts';
import { UsageError } from '../framework/usage-error.ts';
import { readNamedFile, text, type Values } from '../framework/values.ts';
import type { CredentialsFile } from './credentials-file.ts';

/** Where a service is, and what is pinned of it. */
export const PIN_OPTIONS = {
  url: { type: 'text', placeholder: 'URL', summary: 'the service, as your programs dial it' },
  pcr0: { type: 'text', placeholder: 'HEX', summary: "the image's measurement" },
  pcr1: { type: 'text', placeholder: 'HEX', summary: "its kernel's" },
  pcr2: { type: 'text', placeholder: 'HEX', summary: "its application's" },
  deployment: { type: 'text', placeholder: 'HEX', summary: 'the deployment that you dealt with before' },
  root: {
    type: 'text',
    placeholder: 'PARTITION',
    choices: ['aws', 'aws-us-gov'],
    summary: "whose root; default: AWS's",
  },
  'custom-root': { type: 'file', placeholder: 'PEM', summary: "a root that is not AWS's: the local twin's" },
} as const satisfies Options;

/** Of a command that may be run with a credentials file, which also says where the service is. */
export const SERVICE_OPTIONS = {
  credentials: {
    type: 'file',
    environment: 'STRONGROOM_CREDENTIALS',
    summary: "the project's secrets, as `project create` and `make dev` write them",
  },
  ...PIN_OPTIONS,
  ...recorded('url', 'pcr0', 'pcr1', 'pcr2', 'deployment'),
} as const satisfies Options;

/** The same options, which a credentials file can stand for. */
function recorded<Name extends 'url' | 'pcr0' | 'pcr1' | 'pcr2' | 'deployment'>(...names: readonly Name[]) {
  return Object.fromEntries(
    names.map((name) => [
      name,
      { ...PIN_OPTIONS[name], summary: `${PIN_OPTIONS[name].summary}; default: the credentials file's` },
    ]),
  ) as Record<Name, (typeof PIN_OPTIONS)[Name]>;
}

/**
 * What the caller pins: the options, or what the credentials file recorded when the project was made.
 * @throws UsageError
 */
export function readPins(values: Values, file: CredentialsFile | null): ServicePins {
  const [pcr0, pcr1, pcr2] = ([0, 1, 2] as const).map((index) => {
    const hex = text(values, `pcr${index}`) ?? file?.pcrs?.[`${index}`];
    if (hex === undefined || !/^[0-9a-fA-F]{96}$/.test(hex)) {
      throw new UsageError(
        `Pin the image with --pcr0, --pcr1 and --pcr2: --pcr${index} needs 96 hex digits.`,
      );
    }
    return bytesOf(hex);
  }) as [Uint8Array, Uint8Array, Uint8Array];
  const rootFile = text(values, 'custom-root');
  const rootPem = rootFile === undefined ? file?.rootCertificatePem : readNamedFile(rootFile);
  const deployment = text(values, 'deployment') ?? file?.deploymentId;
  if (deployment !== undefined && !/^[0-9a-fA-F]{64}$/.test(deployment))
    throw new UsageError('--deployment needs 64 hex digits.');
  return {
    images: [{ pcr0, pcr1, pcr2 }],
    partition: text(values, 'root') === 'aws-us-gov' ? 'aws-us-gov' : 'aws',
    ...(deployment !== undefined && { deploymentId: bytesOf(deployment) }),
    ...(rootPem !== undefined && { customRoot: derOf(rootPem) }),
  };
}

/** @throws UsageError when it is not a URL of HTTP */
export function checkUrl(url: string): string {
  if (URL.canParse(url) && /^https?:$/.test(new URL(url).protocol)) return url;
  throw new UsageError('--url is an address such as https://wallet.example.com.');
}

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

function derOf(pem: string): Uint8Array {
  return Uint8Array.from(Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64'));
}
