// The twin's composition root of the enclave: production code with a simulated security module and KMS, on TCP.
import { tcpDialer, tcpListen } from '@strongroom/shared/transport/dev/tcp';
import { parseConfiguration } from '../../../enclave-app/src/config.ts';
import { startEnclave } from '../../../enclave-app/src/start-enclave.ts';
import { openNsmPki } from '../nsm/nsm-pki.ts';
import { type LaunchMeasurements, startNsmSimulator } from '../nsm/nsm-simulator.ts';
import { announce, receiveOptions } from './child.ts';

export interface EnclaveProcessOptions {
  readonly pkiDirectory: string;
  readonly configuration: Uint8Array;
  readonly measurements: LaunchMeasurements;
  readonly kmsPort: number;
  readonly kmsCaPem: string;
  /** 0 takes a free port. */
  readonly port: number;
}

const options = await receiveOptions<EnclaveProcessOptions>();
const enclave = await startEnclave({
  configuration: parseConfiguration(options.configuration),
  nsm: startNsmSimulator({ pki: openNsmPki(options.pkiDirectory), measurements: options.measurements }),
  kmsRelay: () => tcpDialer(options.kmsPort),
  kmsTrustRootsPem: options.kmsCaPem,
  clientPurpose: 'client',
  listen: tcpListen(options.port, announce),
  onInternalError: (operation, error) => console.error(`enclave: internal error in ${operation}`, error),
});
process.on('SIGTERM', () => void enclave.close().then(() => process.exit(0)));
