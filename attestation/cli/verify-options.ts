import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Binding, ContextPolicy } from '../src/attestation-policy.ts';
import { decodeBase64, decodeHex } from '../src/bytes.ts';
import type { ImageMeasurement } from '../src/pcr-policy.ts';
import type { AwsPartition } from '../src/trust-anchors.ts';
import { UsageError } from './usage.ts';

/** What `verify` was asked. */
export interface VerifyOptions {
  readonly source: string;
  readonly isBase64: boolean;
  readonly isJson: boolean;
  readonly isDebug: boolean;
  readonly isStatus: boolean;
  readonly images: readonly ImageMeasurement[];
  readonly pins: Partial<Record<'pcr3' | 'pcr4' | 'pcr8', readonly Uint8Array[]>>;
  /** Null: neither --nonce nor --no-nonce was given, as for a service that is asked now. */
  readonly nonce: Uint8Array | 'none-asked' | null;
  readonly context: Omit<ContextPolicy, 'nonce'>;
  readonly partition: AwsPartition;
  /** DER; null for AWS's roots. */
  readonly customRoot: Uint8Array | null;
  readonly deploymentId: Uint8Array | 'unchecked';
  readonly configurationDigests: readonly Uint8Array[] | 'unchecked';
}

const DEFAULT_MAX_AGE_SECONDS = '300';
const DEFAULT_MAX_SKEW_SECONDS = '30';
const many = { type: 'string', multiple: true } as const;
const one = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;

const OPTIONS = {
  pcr0: many,
  pcr1: many,
  pcr2: many,
  pcr3: many,
  pcr4: many,
  pcr8: many,
  configuration: many,
  nonce: one,
  at: one,
  'max-age': one,
  'max-skew': one,
  root: one,
  'custom-root': one,
  'user-data': one,
  'public-key': one,
  deployment: one,
  'no-nonce': flag,
  'debug-enclave': flag,
  status: flag,
  base64: flag,
  json: flag,
} as const;

type Values = ReturnType<typeof parse>['values'];

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : 'The options cannot be read.');
  }
}

/** Reads the command line of `verify`. @throws UsageError */
export async function readVerifyOptions(args: readonly string[]): Promise<VerifyOptions> {
  const { values, positionals } = parse(args);
  const [source] = positionals;
  if (source === undefined || positionals.length !== 1) throw new UsageError('verify takes one FILE.');
  const isDebug = values['debug-enclave'] ?? false;
  if (values.root !== undefined && values['custom-root'] !== undefined)
    throw new UsageError('--root and --custom-root exclude each other.');
  const images = readImages(values);
  if (images.length === 0 && !isDebug) throw new UsageError('--pcr0, --pcr1 and --pcr2 are needed.');
  return {
    source,
    isBase64: values.base64 ?? false,
    isJson: values.json ?? false,
    isDebug,
    isStatus: values.status ?? false,
    images,
    pins: readPins(values),
    nonce: readNonce(values, source),
    context: readContext(values),
    partition: readPartition(values.root),
    customRoot: values['custom-root'] === undefined ? null : await readPem(values['custom-root']),
    deploymentId: values.deployment === undefined ? 'unchecked' : hex(values.deployment, '--deployment'),
    configurationDigests: values.configuration?.map((value) => hex(value, '--configuration')) ?? 'unchecked',
  };
}

function readImages({ pcr0 = [], pcr1 = [], pcr2 = [] }: Values): readonly ImageMeasurement[] {
  if (pcr0.length !== pcr1.length || pcr1.length !== pcr2.length)
    throw new UsageError('--pcr0, --pcr1 and --pcr2 go together, once each for every image.');
  return pcr0.map((value, index) => ({
    pcr0: hex(value, '--pcr0'),
    pcr1: hex(pcr1[index] ?? '', '--pcr1'),
    pcr2: hex(pcr2[index] ?? '', '--pcr2'),
  }));
}

function readPins(values: Values): VerifyOptions['pins'] {
  const pins: { [K in keyof VerifyOptions['pins']]: readonly Uint8Array[] } = {};
  for (const name of ['pcr3', 'pcr4', 'pcr8'] as const) {
    const allowed = values[name];
    if (allowed !== undefined) pins[name] = allowed.map((value) => hex(value, `--${name}`));
  }
  return pins;
}

function readNonce(values: Values, source: string): VerifyOptions['nonce'] {
  const isNone = values['no-nonce'] ?? false;
  if (values.nonce !== undefined && isNone)
    throw new UsageError('--nonce and --no-nonce exclude each other.');
  const isService = /^https?:/.test(source);
  if (isService && (values.nonce !== undefined || isNone))
    throw new UsageError('A service is asked with a fresh nonce; --nonce and --no-nonce are for documents.');
  if (!isService && values.nonce === undefined && !isNone)
    throw new UsageError('Either --nonce or --no-nonce is needed.');
  if (isNone) return 'none-asked';
  return values.nonce === undefined ? null : hex(values.nonce, '--nonce');
}

function readContext(values: Values): VerifyOptions['context'] {
  return {
    nowMs: values.at === undefined ? Date.now() : readTime(values.at),
    maxAgeMs: readSeconds(values['max-age'] ?? DEFAULT_MAX_AGE_SECONDS, '--max-age'),
    maxFutureSkewMs: readSeconds(values['max-skew'] ?? DEFAULT_MAX_SKEW_SECONDS, '--max-skew'),
    userData: readBinding(values['user-data'], '--user-data'),
    publicKey: readBinding(values['public-key'], '--public-key'),
  };
}

function readBinding(value: string | undefined, option: string): Binding {
  if (value === undefined) return 'unchecked';
  return value === 'absent' ? 'absent' : hex(value, option);
}

function readPartition(root = 'aws'): AwsPartition {
  if (root !== 'aws' && root !== 'aws-us-gov') throw new UsageError('--root is aws or aws-us-gov.');
  return root;
}

function hex(value: string, option: string): Uint8Array {
  const bytes = decodeHex(value);
  if (bytes === null) throw new UsageError(`${option} is not hexadecimal.`);
  return bytes;
}

function readTime(value: string): number {
  const isIso = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/.test(value);
  const ms = isIso ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw new UsageError('--at is a time like 2026-11-21T10:00:00Z.');
  return ms;
}

function readSeconds(value: string, option: string): number {
  if (!/^\d{1,9}$/.test(value)) throw new UsageError(`${option} is a whole number of seconds.`);
  return Number(value) * 1000;
}

async function readPem(path: string): Promise<Uint8Array> {
  const pem = await readFile(path, 'latin1').catch(() => '');
  const match = /^\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*$/.exec(pem);
  const der = match?.[1] === undefined ? null : decodeBase64(match[1].replace(/\s/g, ''));
  if (der === null) throw new UsageError(`${path} is not one certificate in PEM.`);
  return der;
}
