// Runs a system whose processes write their logs where whoever started this one can read them.
import { startTestSystem } from './test-system.ts';

export interface LoggedSystemIsUp {
  readonly baseUrl: string;
  readonly enrolmentToken: string;
  readonly home: string;
}

const system = await startTestSystem({ logLevel: 'trace' });
const { baseUrl, enrolmentToken, home } = system;
process.send?.({ baseUrl, enrolmentToken, home } satisfies LoggedSystemIsUp);
// Any later message asks for the requests that the key management service has had.
process.on('message', () => process.send?.({ ...system.kms.requests }));
process.on('disconnect', () => void system[Symbol.asyncDispose]().then(() => process.exit(0)));
