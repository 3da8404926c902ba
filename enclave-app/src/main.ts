import { readFileSync } from 'node:fs';
import type { NsmErrorCode } from '@strongroom/shared/phase';
import { vsockDialer, vsockListen } from '@strongroom/shared/transport/vsock';
import { findStartRefusal, ownSurroundings } from './boot/start-conditions.ts';
import { ConfigurationError, type MeasuredConfiguration, parseConfiguration } from './config.ts';
import { amazonTrustServicesPem } from './kms/amazon-trust-services.ts';
import { openNsmDevice } from './nsm/device.ts';
import { type Nsm, NsmError } from './nsm/nsm.ts';
import { type EnclaveOptions, startEnclave, startFailedEnclave } from './start-enclave.ts';

/** Part of the measured image; there is no other way to configure an enclave. */
const CONFIGURATION_FILE = '/etc/strongroom/configuration.json';

try {
  const configuration = parseConfiguration(readFileSync(CONFIGURATION_FILE));
  const face = {
    listen: vsockListen(configuration.vsock.listenPort),
    onInternalError: () => undefined,
  };
  const refusal = findStartRefusal(ownSurroundings());
  const nsm = refusal === null ? openNsmOrRefusal() : refusal;
  if (typeof nsm === 'string') await startFailedEnclave(nsm, face);
  else await start(configuration, nsm, face);
} catch (error) {
  // The console of a production enclave is nobody's; on an emulated machine this line tells the operator why it stopped.
  process.stderr.write(
    `${error instanceof ConfigurationError ? error.message : 'The enclave could not start.'}\n`,
  );
  process.exitCode = 1;
}

function openNsmOrRefusal(): Nsm | NsmErrorCode {
  try {
    return openNsmDevice();
  } catch (error) {
    if (error instanceof NsmError) return error.code;
    throw error;
  }
}

async function start(
  configuration: MeasuredConfiguration,
  nsm: Nsm,
  face: Pick<EnclaveOptions, 'listen' | 'onInternalError'>,
): Promise<void> {
  const { kms, vsock } = configuration;
  await startEnclave({
    ...face,
    configuration,
    nsm,
    // AWS's vsock-proxy on the parent relays bytes to each Region's endpoint on a port of its own.
    kmsRelay: ({ arn }) => {
      const port = kms.keys.find((key) => key.arn === arn)?.relayPort as number;
      return vsockDialer({ cid: vsock.parentCid, port, timeoutMs: 3000 });
    },
    kmsTrustRootsPem: amazonTrustServicesPem(),
    clientPurpose: 'client',
  });
}
