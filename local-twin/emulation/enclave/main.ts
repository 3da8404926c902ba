// The emulated enclave's composition root: production code on QEMU's nitro-enclave machine. The security module is the machine's, whose
// documents nobody signed, so clients get them under the purpose `emulation`, and KMS is the simulator on the host. It starts under the
// conditions of a production enclave.
import { readFileSync } from 'node:fs';
import { vsockDialer, vsockListen } from '@strongroom/shared/transport/vsock';
import { findStartRefusal, ownSurroundings } from '../../../enclave-app/src/boot/start-conditions.ts';
import { parseConfiguration } from '../../../enclave-app/src/config.ts';
import { openNsmDevice } from '../../../enclave-app/src/nsm/device.ts';
import { startEnclave } from '../../../enclave-app/src/start-enclave.ts';

const refusal = findStartRefusal(ownSurroundings());
if (refusal !== null) throw new Error(`a production enclave would not start here: ${refusal}`);
const configuration = parseConfiguration(readFileSync('/etc/strongroom/configuration.json'));
const { kms, vsock } = configuration;
await startEnclave({
  configuration,
  nsm: openNsmDevice(),
  kmsRelay: ({ arn }) => {
    const port = kms.keys.find((key) => key.arn === arn)?.relayPort as number;
    return vsockDialer({ cid: vsock.parentCid, port, timeoutMs: 3000 });
  },
  kmsTrustRootsPem: readFileSync('/etc/strongroom/emulation-kms-ca.pem', 'utf8'),
  clientPurpose: 'emulation',
  listen: vsockListen(vsock.listenPort),
  onInternalError: (operation, error) => console.error(`enclave: internal error in ${operation}`, error),
});
console.log(
  `ENCLAVE listening ${Math.round(performance.now())} ms after its start, ${readFileSync('/proc/uptime', 'utf8').split(' ')[0]} s after the kernel's`,
);
