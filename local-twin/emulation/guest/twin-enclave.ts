// The enclave of level B: the twin's enclave process, with AF_VSOCK in place of TCP.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { vsockDialer, vsockListen } from '@strongroom/shared/transport/vsock';
import { parseConfiguration } from '../../../enclave-app/src/config.ts';
import { startEnclave } from '../../../enclave-app/src/start-enclave.ts';
import { openNsmPki } from '../../src/nsm/nsm-pki.ts';
import { startNsmSimulator } from '../../src/nsm/nsm-simulator.ts';
import { TWIN_OPTIONS_FILE, type TwinGuestOptions } from '../twin-guest-options.ts';

const PKI_DIRECTORY = '/tmp/pki';
const options = JSON.parse(readFileSync(`/app/${TWIN_OPTIONS_FILE}`, 'utf8')) as TwinGuestOptions;
mkdirSync(PKI_DIRECTORY, { mode: 0o700 });
writeFileSync(`${PKI_DIRECTORY}/nsm-root.pem`, options.nsmRootPem, { mode: 0o600 });
const configuration = parseConfiguration(Buffer.from(options.configuration));
const { kms, vsock } = configuration;
const bytes = (hex: string) => Buffer.from(hex, 'hex');
const { pcr0, pcr1, pcr2 } = options.pcrs;
await startEnclave({
  configuration,
  nsm: startNsmSimulator({
    pki: openNsmPki(PKI_DIRECTORY),
    measurements: { pcr0: bytes(pcr0), pcr1: bytes(pcr1), pcr2: bytes(pcr2) },
  }),
  kmsRelay: ({ arn }) => {
    const port = kms.keys.find((key) => key.arn === arn)?.relayPort as number;
    return vsockDialer({ cid: vsock.parentCid, port, timeoutMs: 3000 });
  },
  kmsTrustRootsPem: options.kmsCaPem,
  clientPurpose: 'client',
  listen: vsockListen(vsock.listenPort),
  onInternalError: (operation, error) => console.error(`enclave: internal error in ${operation}`, error),
});
console.log(
  `ENCLAVE listening ${Math.round(performance.now())} ms after its start, ${readFileSync('/proc/uptime', 'utf8').split(' ')[0]} s after the kernel's`,
);
