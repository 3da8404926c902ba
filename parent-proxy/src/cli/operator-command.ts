import type { OperationClient } from '@strongroom/shared/channel/operation-client';
import { addRootWraps } from '@strongroom/shared/operations/add-root-wraps';
import { getRootKey } from '@strongroom/shared/operations/get-root-key';
import { changeRootRecord, presentRootRecord } from '../rotation/root-record.ts';
import { rotateRootKey } from '../rotation/rotate-root-key.ts';
import { type RotationProgress, renderProgress } from '../rotation/rotation-progress.ts';
import type { Store } from '../store/store.ts';

/** A call that makes no sense; the message names the option and never a secret. */
export class UsageError extends Error {}

export const OPTIONS = {
  'kms-key': { type: 'string', multiple: true },
  to: { type: 'string' },
  share: { type: 'string' },
  'settle-seconds': { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

export const HELP = `strongroom-operator COMMAND [options]

  rotate root-key      make the next generation of the root key, seal everything under it, certify, retire the old one
  root-key status      generations that the enclave holds, and the KMS keys that wrap them
  root-key add-kms     wrap the root key by further KMS keys of the measured configuration

  --kms-key ARN        a KMS key of the configuration; more than once for several (default: all of them)
  --to GENERATION      the generation to end with: repeating the command after it ended changes nothing
  --share PERCENT      of the time, how much a rotation may work (default 50)
  --settle-seconds N   how long proxies may take to hand over a new root record (default 45)
  --json               one JSON object a line

An interrupted rotation goes on when the command is run again. Exit codes: 0 done, 1 refused, 2 wrong usage.

Examples:
  strongroom-operator rotate root-key --to 2
  strongroom-operator root-key add-kms --kms-key arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000002`;

export interface OperatorOptions {
  readonly 'kms-key'?: readonly string[] | undefined;
  readonly to?: string | undefined;
  readonly share?: string | undefined;
  readonly 'settle-seconds'?: string | undefined;
  readonly json?: boolean | undefined;
}

interface TextStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

export interface OperatorContext {
  readonly call: OperationClient['call'];
  readonly store: Store;
  readonly output: { readonly stdout: TextStream; readonly stderr: TextStream };
}

/** @throws UsageError, OperationError, StoreError */
export async function runOperatorCommand(
  name: string,
  options: OperatorOptions,
  context: OperatorContext,
): Promise<void> {
  switch (name) {
    case 'rotate root-key':
      return await rotate(options, context);
    case 'root-key status':
      await presentRootRecord(context);
      return await showStatus(context);
    case 'root-key add-kms':
      await changeRootRecord(context, () => context.call(addRootWraps, { keyArns: keyArnsOf(options) }));
      return await showStatus(context);
    default:
      throw new UsageError(`Unknown command: ${name}`);
  }
}

async function rotate(options: OperatorOptions, { call, store, output }: OperatorContext): Promise<void> {
  const { generation, certificate, isErased } = await rotateRootKey({
    call,
    store,
    generation: options.to === undefined ? null : integerOf('--to', options.to, 1, 0xffff_ffff),
    keyArns: keyArnsOf(options),
    settleMs: 1000 * integerOf('--settle-seconds', options['settle-seconds'] ?? '45', 0, 3600),
    share: integerOf('--share', options.share ?? '50', 1, 100) / 100,
    report: options.json ? reportJson(output.stdout) : reportLine(output.stderr),
  });
  const encoded = Buffer.from(certificate).toString('base64');
  output.stdout.write(
    options.json
      ? `${JSON.stringify({ generation, certificate: encoded, isErased })}\n`
      : `The root key is of generation ${generation}. Certificate of what the enclave saw:\n${encoded}\n`,
  );
  if (!isErased)
    output.stderr.write("A database's journal still has what was replaced; run the command again later.\n");
}

async function showStatus({ call, output }: OperatorContext): Promise<void> {
  const { recordVersion, generation, roots } = await call(getRootKey, {});
  const lines = roots.map((root) => {
    const use = root.generation === generation ? 'seals' : 'opens';
    return `generation ${root.generation} (${use}): ${root.keyArns.join(', ')}`;
  });
  output.stdout.write(`root record version ${recordVersion}\n${lines.join('\n')}\n`);
}

const REPORT_INTERVAL_MS = 200;

/** Rewrites one line of a terminal; elsewhere, a line for each step. */
function reportLine(stream: TextStream): (progress: RotationProgress) => void {
  let last: { step: string; atMs: number } = { step: '', atMs: 0 };
  return (progress) => {
    const isNewStep = progress.step !== last.step;
    if (!isNewStep && (!stream.isTTY || performance.now() - last.atMs < REPORT_INTERVAL_MS)) return;
    const start = isNewStep && last.step !== '' && stream.isTTY ? '\n' : '';
    last = { step: progress.step, atMs: performance.now() };
    stream.write(
      `${start}${stream.isTTY ? '\r\u001b[K' : ''}${renderProgress(progress)}${stream.isTTY ? '' : '\n'}`,
    );
    if (progress.step === 'done' && stream.isTTY) stream.write('\n');
  };
}

function reportJson(stream: TextStream): (progress: RotationProgress) => void {
  let last: { step: string; atMs: number } = { step: '', atMs: 0 };
  return (progress) => {
    if (progress.step === last.step && performance.now() - last.atMs < REPORT_INTERVAL_MS) return;
    last = { step: progress.step, atMs: performance.now() };
    stream.write(`${JSON.stringify(progress)}\n`);
  };
}

function keyArnsOf(options: OperatorOptions): string[] | null {
  return options['kms-key'] === undefined ? null : [...options['kms-key']];
}

function integerOf(name: string, value: string, min: number, max: number): number {
  const number = /^[0-9]{1,10}$/.test(value) ? Number(value) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw new UsageError(`${name} must be an integer from ${min} to ${max}.`);
}
