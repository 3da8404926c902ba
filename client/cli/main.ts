#!/usr/bin/env node
// `strongroom`, run on the client's machine: it believes nothing that it has not verified.
import { parseArgs } from 'node:util';
import { AttestationError } from '@strongroom/attestation/attestation-error';
import { ClientError } from '../src/client-error.ts';
import type { Command } from './command.ts';
import { accountVerify } from './commands/account-verify.ts';
import { apiKeyAdd, apiKeyList, apiKeyRevoke } from './commands/api-key.ts';
import { projectChange } from './commands/project-change.ts';
import { projectCreate } from './commands/project-create.ts';
import { projectVerify } from './commands/project-verify.ts';
import {
  recoveryComplete,
  recoverySetup,
  recoveryShow,
  recoveryStart,
  recoveryVeto,
} from './commands/recovery.ts';
import { rotationVerify } from './commands/rotation-verify.ts';
import { walletSecretList, walletSecretRevoke, walletSecretRotate } from './commands/wallet-secret.ts';
import { UsageError } from './usage-error.ts';

const COMMANDS: readonly Command[] = [
  projectCreate,
  projectVerify,
  projectChange,
  accountVerify,
  rotationVerify,
  apiKeyAdd,
  apiKeyList,
  apiKeyRevoke,
  walletSecretRotate,
  walletSecretList,
  walletSecretRevoke,
  recoverySetup,
  recoveryStart,
  recoveryVeto,
  recoveryComplete,
  recoveryShow,
];
const WANTS_JSON = process.argv.includes('--json');

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.exitCode = report(error);
}

async function main(words: readonly string[]): Promise<void> {
  const command = COMMANDS.find(({ name }) => name === words.slice(0, 2).join(' '));
  if (command === undefined) {
    console.log(overview());
    if (words.length > 0 && !['--help', '-h', 'help'].includes(words[0] ?? ''))
      throw new UsageError(`Unknown command: ${words[0]}`);
    return;
  }
  const { values, positionals } = parse(command, words.slice(2));
  if (values['help']) {
    console.log(command.help);
    return;
  }
  const { text, json } = await command.run(values, positionals);
  console.log(WANTS_JSON ? JSON.stringify(json) : text);
}

function parse(command: Command, args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: command.options, allowPositionals: true });
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : 'Wrong options.');
  }
}

function overview(): string {
  const lines = COMMANDS.map(({ name, summary }) => `  ${name.padEnd(21)} ${summary}`);
  return `strongroom COMMAND [options]\n\n${lines.join('\n')}\n\nEach has --help. Exit codes: 0 done, 1 refused or not verified, 2 wrong usage.`;
}

/** 1: the world is not as it should be. 2: the call was not. Nothing secret is in any of these messages. */
function report(error: unknown): number {
  const isUsage = error instanceof UsageError;
  const code =
    error instanceof AttestationError || error instanceof ClientError
      ? error.code
      : isUsage
        ? 'USAGE'
        : 'UNEXPECTED';
  const message = error instanceof Error ? error.message : 'unexpected error';
  if (WANTS_JSON) console.log(JSON.stringify({ error: { code, message } }));
  console.error(code === message || isUsage ? message : `${code}: ${message}`);
  return isUsage ? 2 : 1;
}
