// An operator's act on the parent instance, once in the life of a deployment: makes it, or says that it is there already.
// Run with the environment of the proxy, which may run meanwhile: docs/operations.md.
import { vsockDialer } from '@strongroom/shared/transport/vsock';
import { pino } from 'pino';
import { createAuditLog } from './audit-events.ts';
import { readConfig } from './config.ts';
import { awsCredentials } from './enclave/aws-credentials.ts';
import { connectEnclave } from './enclave/enclave.ts';
import { createMetrics } from './metrics/metrics.ts';
import { openStore } from './store/open-store.ts';

const DIAL_TIMEOUT_MS = 3000;

try {
  const config = readConfig(process.env);
  const store = await openStore(config.store);
  const enclave = connectEnclave({
    dialer: vsockDialer({ ...config.enclave, timeoutMs: DIAL_TIMEOUT_MS }),
    store,
    credentials: awsCredentials(),
    metrics: createMetrics(),
    audit: createAuditLog(pino({ level: config.logLevel, base: null })),
    nowMs: Date.now,
  });
  const outcome = await enclave.runGenesis();
  const status = await enclave.settle();
  console.log(
    outcome === 'made' ? 'The deployment is made.' : 'There is a deployment already; nothing was done.',
  );
  console.log(`The enclave is ${status?.phase ?? 'silent'}.`);
  enclave.close();
  await store.close();
} catch (error) {
  console.error(
    `Genesis failed: ${error instanceof Error ? error.message : 'unknown'}. docs/operations.md says what each reason means.`,
  );
  process.exitCode = 1;
}
