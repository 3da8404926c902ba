import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type AttestationRequest, type Nsm, NsmError } from '../../../enclave-app/src/nsm/nsm.ts';
import { openNsmPki } from './nsm-pki.ts';
import { startNsmSimulator } from './nsm-simulator.ts';

const ZERO = new Uint8Array(48);
const NOTHING: AttestationRequest = { userData: null, nonce: null, publicKey: null };
const directory = mkdtempSync(join(tmpdir(), 'nsm-'));
afterAll(() => rmSync(directory, { recursive: true }));

const pki = openNsmPki(directory);
const measurements = {
  pcr0: new Uint8Array(48).fill(1),
  pcr1: new Uint8Array(48).fill(2),
  pcr2: new Uint8Array(48).fill(3),
};
const start = () =>
  startNsmSimulator({ pki, measurements, roleArn: 'arn:aws:iam::111122223333:role/parent' });
const sha384 = (...parts: (Uint8Array | string)[]) =>
  Uint8Array.from(parts.reduce((state, part) => state.update(part), createHash('sha384')).digest());

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof NsmError) return error.code;
    throw error;
  }
  return 'none';
}

describe('registers', () => {
  it('start measured and locked from 0 to 15, zero and open from 16 to 31', () => {
    const nsm = start();
    expect(nsm.describe()).toMatchObject({
      maxPcrs: 32,
      digest: 'SHA384',
      lockedPcrs: Array.from({ length: 16 }, (_, i) => i),
    });
    expect(nsm.describePcr(0)).toEqual({ locked: true, value: measurements.pcr0 });
    expect(nsm.describePcr(3).value).toEqual(sha384(ZERO, 'arn:aws:iam::111122223333:role/parent'));
    expect(nsm.describePcr(4).value).toEqual(sha384(ZERO, nsm.describe().moduleId.slice(0, 19)));
    expect(nsm.describePcr(31)).toEqual({ locked: false, value: ZERO });
  });

  it('extend as a hash chain until they are locked', () => {
    const nsm = start();
    const once = nsm.extendPcr(16, Uint8Array.of(1, 2, 3));
    expect(once).toEqual(sha384(ZERO, Uint8Array.of(1, 2, 3)));
    expect(nsm.extendPcr(16, new Uint8Array(0))).toEqual(sha384(once));
    nsm.lockPcr(16);
    expect(codeOf(() => nsm.extendPcr(16, Uint8Array.of(1)))).toBe('NSM_READ_ONLY_INDEX');
    expect(codeOf(() => nsm.lockPcr(16))).toBe('NSM_READ_ONLY_INDEX');
    expect(codeOf(() => nsm.extendPcr(0, Uint8Array.of(1)))).toBe('NSM_READ_ONLY_INDEX');
    nsm.lockPcrs(32);
    expect(nsm.describe().lockedPcrs).toHaveLength(32);
  });

  it('hand out copies, never their own bytes', () => {
    const nsm = start();
    nsm.describePcr(0).value.fill(9);
    nsm.extendPcr(20, Uint8Array.of(1)).fill(9);
    expect(nsm.describePcr(0).value).toEqual(measurements.pcr0);
    expect(nsm.describePcr(20).value).toEqual(sha384(ZERO, Uint8Array.of(1)));
  });

  const outside: readonly [string, (nsm: Nsm) => unknown, string][] = [
    ['describe 32', (nsm) => nsm.describePcr(32), 'NSM_INVALID_INDEX'],
    ['describe -1', (nsm) => nsm.describePcr(-1), 'NSM_INVALID_INDEX'],
    ['describe 0.5', (nsm) => nsm.describePcr(0.5), 'NSM_INVALID_INDEX'],
    ['extend 32', (nsm) => nsm.extendPcr(32, ZERO), 'NSM_INVALID_INDEX'],
    ['lock 32', (nsm) => nsm.lockPcr(32), 'NSM_INVALID_INDEX'],
    ['lock range 33', (nsm) => nsm.lockPcrs(33), 'NSM_INVALID_INDEX'],
    [
      'extend beyond a request of 4096 bytes',
      (nsm) => nsm.extendPcr(16, new Uint8Array(4070)),
      'NSM_INPUT_TOO_LARGE',
    ],
    [
      'user_data of 513',
      (nsm) => nsm.attestation({ ...NOTHING, userData: new Uint8Array(513) }),
      'NSM_INPUT_TOO_LARGE',
    ],
    [
      'nonce of 513',
      (nsm) => nsm.attestation({ ...NOTHING, nonce: new Uint8Array(513) }),
      'NSM_INPUT_TOO_LARGE',
    ],
    [
      'public_key of 1025',
      (nsm) => nsm.attestation({ ...NOTHING, publicKey: new Uint8Array(1025) }),
      'NSM_INPUT_TOO_LARGE',
    ],
  ];
  it.each(outside)('refuse: %s', (_, call, code) => {
    expect(codeOf(() => call(start()))).toBe(code);
  });

  it('accept the limits themselves', () => {
    const nsm = start();
    expect(nsm.extendPcr(16, new Uint8Array(4069))).toHaveLength(48);
    nsm.lockPcrs(32);
    const largest = {
      userData: new Uint8Array(512),
      nonce: new Uint8Array(512),
      publicKey: new Uint8Array(1024),
    };
    expect(nsm.attestation(largest).length).toBeLessThan(0x3000);
  });

  it('give 256 fresh random bytes', () => {
    const nsm = start();
    expect(nsm.random()).toHaveLength(256);
    expect(nsm.random()).not.toEqual(nsm.random());
  });
});
