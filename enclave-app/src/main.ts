import { readFileSync } from 'node:fs';
import { vsockDialer, vsockListen } from '@strongroom/shared/transport/vsock';
import { ownSurroundings } from './boot/start-conditions.ts';
import { ConfigurationError, parseConfiguration } from './config.ts';
import { amazonTrustServicesPem } from './kms/amazon-trust-services.ts';
import { openNsmDevice } from './nsm/device.ts';
import { startProduction } from './start-production.ts';

/** Part of the measured image; there is no other way to configure an enclave. */
const CONFIGURATION_FILE = '/etc/strongroom/configuration.json';

try {
  const configuration = parseConfiguration(readFileSync(CONFIGURATION_FILE));
  const { kms, vsock } = configuration;
  await startProduction({
    configuration,
    surroundings: ownSurroundings(),
    openNsm: openNsmDevice,
    // AWS's vsock-proxy on the parent relays bytes to each Region's endpoint on a port of its own.
    kmsRelay: ({ arn }) => {
      const port = kms.keys.find((key) => key.arn === arn)?.relayPort as number;
      return vsockDialer({ cid: vsock.parentCid, port, timeoutMs: 3000 });
    },
    kmsTrustRootsPem: amazonTrustServicesPem(),
    listen: vsockListen(vsock.listenPort),
    onInternalError: () => undefined,
  });
} catch (error) {
  // The console of a production enclave is nobody's; on an emulated machine this line tells the operator why it stopped.
  process.stderr.write(
    `${error instanceof ConfigurationError ? error.message : 'The enclave could not start.'}\n`,
  );
  process.exitCode = 1;
}
