#!/usr/bin/env node
// `strongroom-operator`, run on the parent instance with the proxy's own settings, beside a proxy that goes on serving.
import { parseArgs } from 'node:util';
import { createOperationClient } from '@strongroom/shared/channel/operation-client';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { vsockDialer } from '@strongroom/shared/transport/vsock';
import { ConfigError, readConfig } from '../config.ts';
import { openStore } from '../store/open-store.ts';
import { StoreError } from '../store/store-error.ts';
import { HELP, OPTIONS, runOperatorCommand, UsageError } from './operator-command.ts';

const DIAL_TIMEOUT_MS = 3000;
const CALL_DEADLINE_MS = 60_000;

try {
  process.exitCode = await main();
} catch (error) {
  const isKnown =
    error instanceof OperationError || error instanceof StoreError || error instanceof ConfigError;
  const isUsage = error instanceof UsageError;
  process.stderr.write(`${isKnown || isUsage ? error.message : 'The command failed.'}\n`);
  process.exitCode = isUsage ? 2 : 1;
}

async function main(): Promise<number> {
  const { values, positionals } = parseOptions();
  if (values.help || positionals.length === 0) {
    process.stdout.write(`${HELP}\n`);
    return positionals.length === 0 && !values.help ? 2 : 0;
  }
  const config = readConfig(process.env);
  const client = createOperationClient({
    connect: () => vsockDialer({ ...config.enclave, timeoutMs: DIAL_TIMEOUT_MS }).dial(),
    maxInFlight: 4,
    deadlineMs: CALL_DEADLINE_MS,
  });
  const store = await openStore(config.store);
  try {
    await runOperatorCommand(positionals.join(' '), values, { call: client.call, store, output: process });
    return 0;
  } finally {
    client.close();
    await store.close();
  }
}

function parseOptions() {
  try {
    return parseArgs({ options: OPTIONS, allowPositionals: true });
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : 'Wrong options.');
  }
}
