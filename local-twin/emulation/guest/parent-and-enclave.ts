// Runs in the guest of level A: parent and enclave in processes of their own, and AF_VSOCK's loopback between them. The enclave is started
// twice: for genesis, and again, as after a restart of the machine, with its time until it signs.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { NO_RELAY } from '@strongroom/chain-relay/relay-config';
import { VMADDR_CID_LOCAL, vsockDialer, vsockListen } from '@strongroom/shared/transport/vsock';
import { pino } from 'pino';
import { staticCredentials } from '../../../parent-proxy/src/enclave/credentials.ts';
import { Secret } from '../../../parent-proxy/src/secrets.ts';
import { type ParentProxy, startProxy } from '../../../parent-proxy/src/start-proxy.ts';
import { openStore } from '../../../parent-proxy/src/store/open-store.ts';
import { type KmsSimulator, startKmsSimulator } from '../../src/kms/kms-simulator.ts';
import { openNsmPki } from '../../src/nsm/nsm-pki.ts';
import { admitImage } from '../../src/system/admit-image.ts';
import {
  TWIN_CREDENTIALS,
  TWIN_KEY_ARN,
  TWIN_RATE_LIMITS,
  twinConfiguration,
} from '../../src/system/twin-configuration.ts';
import { createTestProject } from '../../test/support/project.ts';
import { sendSigned } from '../../test/support/signed-request.ts';
import { joinStreams } from '../relay.ts';
import { TWIN_OPTIONS_FILE, type TwinGuestOptions } from '../twin-guest-options.ts';

const HOME = '/tmp/twin';
const ENROLMENT_TOKEN = 'the-guest-has-no-network-beside-its-own';
const KMS_CONNECTIONS = 16;
const pcrs = { pcr0: 'a0'.repeat(48), pcr1: 'a1'.repeat(48), pcr2: 'a2'.repeat(48) };
const bytes = (hex: string) => Buffer.from(hex, 'hex');
const measurements = { pcr0: bytes(pcrs.pcr0), pcr1: bytes(pcrs.pcr1), pcr2: bytes(pcrs.pcr2) };
const { accessKeyId, secretAccessKey, sessionToken: _none, ...role } = TWIN_CREDENTIALS;

mkdirSync(HOME, { mode: 0o700 });
const pki = openNsmPki(HOME);
const kms = await startKmsSimulator({
  directory: HOME,
  credentials: [{ accessKeyId, secretAccessKey, ...role }],
  nsmRoots: [pki.rootCertificate],
});
const listenPort = await describeToEnclave(kms);
const proxy = await startParent(listenPort);

admitImage(kms, [TWIN_KEY_ARN], measurements, 'genesis');
const first = startEnclave();
await settled(proxy, 'needs-genesis');
await proxy.enclave.runGenesis();
admitImage(kms, [TWIN_KEY_ARN], measurements, 'operational');
await settled(proxy, 'ready');
const project = await createTestProject({
  baseUrl: `http://127.0.0.1:${proxy.port}`,
  enrolmentToken: ENROLMENT_TOKEN,
  measurements,
  rootCertificate: pki.rootCertificate,
});
const { address } = await ask('/v2/evm/accounts', {}, 201);
report('signed', await signature('before the restart'));

await end(first);
rmSync('/tmp/pki', { recursive: true });
const startedMs = performance.now();
const second = startEnclave();
await settled(proxy, 'ready');
report('readyAfterMs', Math.round(performance.now() - startedMs));
// An enclave refuses tokens of the second in which it started.
await new Promise((resolve) => setTimeout(resolve, 1000));
report('signedAfterRestart', await signature('after the restart'));
await proxy.close();
await end(second);
await kms.close();
process.exit(0);

/** Leaves what the enclave is told where its program reads it, and serves its relay to KMS as AWS's vsock-proxy would. */
async function describeToEnclave(simulator: KmsSimulator): Promise<number> {
  const configuration = JSON.parse(Buffer.from(twinConfiguration()).toString());
  configuration.vsock.parentCid = VMADDR_CID_LOCAL;
  const options: TwinGuestOptions = {
    configuration: JSON.stringify(configuration),
    pcrs,
    nsmRootPem: readFileSync(`${HOME}/nsm-root.pem`, 'utf8'),
    kmsCaPem: simulator.caPem,
  };
  writeFileSync(`/app/${TWIN_OPTIONS_FILE}`, JSON.stringify(options));
  await vsockListen(configuration.kms.keys[0].relayPort)(
    (stream) => joinStreams(stream, connect({ host: '127.0.0.1', port: simulator.port, noDelay: true })),
    KMS_CONNECTIONS,
  );
  return configuration.vsock.listenPort;
}

async function startParent(port: number): Promise<ParentProxy> {
  return await startProxy({
    config: {
      host: '127.0.0.1',
      port: 0,
      authorities: null,
      enrolmentTokens: [new Secret(ENROLMENT_TOKEN)],
      rateLimits: TWIN_RATE_LIMITS,
      relay: NO_RELAY,
      trustedProxies: [],
      metrics: null,
    },
    store: await openStore({ engine: 'sqlite', directory: `${HOME}/data` }),
    dialer: vsockDialer({ cid: VMADDR_CID_LOCAL, port, timeoutMs: 3000 }),
    credentials: staticCredentials({ accessKeyId, secretAccessKey, sessionToken: null }),
    log: pino({ level: 'silent' }),
  });
}

function startEnclave(): ChildProcess {
  const enclave = fork(new URL('./twin-enclave.js', import.meta.url), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  enclave.on('exit', (code) => code !== null && process.exit(code || 1));
  return enclave;
}

async function end(enclave: ChildProcess): Promise<void> {
  enclave.kill('SIGKILL');
  await once(enclave, 'close');
}

async function settled({ enclave }: ParentProxy, wanted: string): Promise<void> {
  for (;;) {
    const status = await enclave.settle().catch(() => null);
    if (status?.phase === wanted) return;
    if (status?.phase === 'failed') throw new Error('the enclave has failed');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function ask(path: string, body: object, wanted: number) {
  const { status, text } = await sendSigned(project, 'POST', path, { body });
  if (status !== wanted) throw new Error(`${path} was answered ${status} ${text}`);
  return JSON.parse(text);
}

async function signature(message: string) {
  const { signature: made } = await ask(`/v2/evm/accounts/${address}/sign/message`, { message }, 200);
  return { address, message, signature: made };
}

function report(name: string, value: unknown): void {
  console.log(`SERVICE ${JSON.stringify({ name, value })}`);
}
