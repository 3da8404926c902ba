import { vsockDialer } from '@strongroom/shared/transport/vsock';
import { pino } from 'pino';
import { ConfigError, type ProductionConfig, readConfig } from './config.ts';
import { awsCredentials } from './enclave/aws-credentials.ts';
import { ListenError } from './listen.ts';
import { startProxy } from './start-proxy.ts';
import { openStore } from './store/open-store.ts';
import { StoreError } from './store/store-error.ts';

const DIAL_TIMEOUT_MS = 3000;

try {
  await start(readConfig(process.env));
} catch (error) {
  process.stderr.write(`${problemOf(error)}\n`);
  // What did start, connections of a database for instance, would keep a process that serves nobody.
  process.exit(1);
}

async function start(config: ProductionConfig): Promise<void> {
  const log = pino({ level: config.logLevel, base: null });
  const proxy = await startProxy({
    config,
    store: await openStore(config.store),
    dialer: vsockDialer({ ...config.enclave, timeoutMs: DIAL_TIMEOUT_MS }),
    credentials: awsCredentials(),
    log,
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      proxy.close().catch(() => {
        process.exitCode = 1;
      });
    });
  }
}

/** For the operator. What nobody expected is not told: its message may hold anything. */
function problemOf(error: unknown): string {
  if (error instanceof ConfigError || error instanceof ListenError) return error.message;
  if (error instanceof StoreError)
    return `${error.code}: the databases cannot be used; docs/operations.md section 6 says what to do.`;
  return 'The proxy could not start.';
}
