// Runs as an enclave on QEMU's nitro-enclave machine: the device behind our interface, against a real /dev/nsm driver.
import { readFileSync } from 'node:fs';
import { openNsmDevice } from '../../../enclave-app/src/nsm/device.ts';
import type { Nsm, NsmError } from '../../../enclave-app/src/nsm/nsm.ts';

const report = (name: string, value: unknown) => console.log(`NSM ${JSON.stringify({ name, value })}`);
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

function codeOf(act: () => unknown): string {
  try {
    act();
    return 'none';
  } catch (error) {
    return (error as NsmError).code;
  }
}

function checkRegisters(nsm: Nsm): void {
  report(
    'pcrs',
    [0, 1, 2].map((index) => hex(nsm.describePcr(index).value)),
  );
  report('extended', hex(nsm.extendPcr(16, Buffer.from('measured later'))));
  report(
    'extendLocked',
    codeOf(() => nsm.extendPcr(0, Buffer.from('x'))),
  );
  nsm.lockPcrs(32);
  report('lockedPcrs', nsm.describe().lockedPcrs);
  report(
    'extendAfterLock',
    codeOf(() => nsm.extendPcr(17, Buffer.from('x'))),
  );
}

function checkDocuments(nsm: Nsm): void {
  const request = {
    userData: Buffer.alloc(512, 1),
    nonce: Buffer.alloc(64, 2),
    publicKey: Buffer.alloc(1024, 3),
  };
  report('document', Buffer.from(nsm.attestation(request)).toString('base64'));
  report(
    'emptyDocument',
    Buffer.from(nsm.attestation({ userData: null, nonce: null, publicKey: null })).toString('base64'),
  );
  const started = performance.now();
  for (let n = 0; n < 50; n++) nsm.attestation(request);
  report('msPerDocument', Number(((performance.now() - started) / 50).toFixed(2)));
}

const nsm = openNsmDevice();
report('description', nsm.describe());
report('entropySource', readFileSync('/sys/class/misc/hw_random/rng_current', 'utf8').trim());
report(
  'clockSource',
  readFileSync('/sys/devices/system/clocksource/clocksource0/current_clocksource', 'utf8').trim(),
);
report('randoms', [nsm.random(), nsm.random()].map(hex));
checkRegisters(nsm);
checkDocuments(nsm);
