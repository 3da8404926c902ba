// Runs a system whose processes write their logs where whoever started this one can read them.
import type { KnownSystem } from './project.ts';
import { startTestSystem } from './test-system.ts';

export interface LoggedSystemIsUp extends KnownSystem {
  readonly home: string;
  readonly metricsUrl: string;
}

const system = await startTestSystem({ logLevel: 'trace', metricsPort: 0 });
const { baseUrl, enrolmentToken, measurements, rootCertificate, home } = system;
const metricsUrl = system.metricsUrl ?? '';
const isUp: LoggedSystemIsUp = { baseUrl, enrolmentToken, measurements, rootCertificate, home, metricsUrl };
process.send?.(isUp);
// Any later message asks for the requests that the key management service has had.
process.on('message', () => process.send?.({ ...system.kms.requests }));
process.on('disconnect', () => void system[Symbol.asyncDispose]().then(() => process.exit(0)));
