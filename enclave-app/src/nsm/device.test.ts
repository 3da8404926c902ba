import { describe, expect, it, vi } from 'vitest';
import { type NsmAddon, openNsmDevice } from './device.ts';
import type { NsmError } from './nsm.ts';

const description = { moduleId: 'i-0-enc0', maxPcrs: 32, lockedPcrs: [2, 0, 1], digest: 'SHA384' };

/** A module that answers well, except for what a test replaces. */
function fakeAddon(overrides: Partial<NsmAddon> = {}): NsmAddon {
  return {
    open: () => 7,
    getDescription: () => description,
    getPcrDescription: (_fd, index) => ({ lock: index < 16, data: Buffer.alloc(48, index + 1) }),
    extendPcr: () => Buffer.alloc(48, 9),
    lockPcr: () => undefined,
    lockPcrs: () => undefined,
    getAttestationDoc: () => Buffer.from('document'),
    getRandom: () => Buffer.alloc(256, 5),
    ...overrides,
  };
}

function codeOf(act: () => unknown): string {
  try {
    act();
    return 'none';
  } catch (error) {
    return (error as NsmError).code;
  }
}

const fails = (message: string) => () => {
  throw new Error(message);
};

describe('openNsmDevice', () => {
  it('refuses the descriptor -1, which the addon returns without a device', () => {
    const getDescription = vi.fn(() => description);
    expect(codeOf(() => openNsmDevice(() => fakeAddon({ open: () => -1, getDescription })))).toBe(
      'NSM_UNAVAILABLE',
    );
    expect(getDescription).not.toHaveBeenCalled();
  });

  it('reports an addon that is not installed, or throws, as an absent module', () => {
    expect(codeOf(() => openNsmDevice(fails('Cannot find module')))).toBe('NSM_UNAVAILABLE');
    expect(codeOf(() => openNsmDevice(() => fakeAddon({ open: fails('EACCES') })))).toBe('NSM_UNAVAILABLE');
  });

  it('refuses a device that is not the module it knows', () => {
    for (const changed of [{ maxPcrs: 16 }, { digest: 'SHA512' }]) {
      const addon = fakeAddon({ getDescription: () => ({ ...description, ...changed }) });
      expect(codeOf(() => openNsmDevice(() => addon))).toBe('NSM_INTERNAL_ERROR');
    }
  });
});

describe('the device', () => {
  it('describes module and PCRs', () => {
    const nsm = openNsmDevice(fakeAddon);
    expect(nsm.describe()).toEqual({
      moduleId: 'i-0-enc0',
      maxPcrs: 32,
      lockedPcrs: [0, 1, 2],
      digest: 'SHA384',
    });
    expect(nsm.describePcr(16)).toEqual({ locked: false, value: new Uint8Array(48).fill(17) });
  });

  it('enforces the limits of the real module before it asks', () => {
    const getAttestationDoc = vi.fn(() => Buffer.from('document'));
    const extendPcr = vi.fn(() => Buffer.alloc(48));
    const nsm = openNsmDevice(() => fakeAddon({ getAttestationDoc, extendPcr }));
    const none = { userData: null, nonce: null, publicKey: null };
    const tooLarge = [
      { ...none, userData: new Uint8Array(513) },
      { ...none, nonce: new Uint8Array(513) },
      { ...none, publicKey: new Uint8Array(1025) },
    ];
    for (const request of tooLarge)
      expect(codeOf(() => nsm.attestation(request))).toBe('NSM_INPUT_TOO_LARGE');
    expect(codeOf(() => nsm.extendPcr(16, new Uint8Array(4069)))).toBe('NSM_INPUT_TOO_LARGE');
    for (const index of [-1, 32, 1.5, Number.NaN]) {
      expect(codeOf(() => nsm.describePcr(index))).toBe('NSM_INVALID_INDEX');
      expect(codeOf(() => nsm.extendPcr(index, new Uint8Array(1)))).toBe('NSM_INVALID_INDEX');
      expect(codeOf(() => nsm.lockPcr(index))).toBe('NSM_INVALID_INDEX');
    }
    expect(codeOf(() => nsm.lockPcrs(33))).toBe('NSM_INVALID_INDEX');
    expect(getAttestationDoc).not.toHaveBeenCalled();
    expect(extendPcr).not.toHaveBeenCalled();
  });

  it('passes the largest inputs on, null for absent ones', () => {
    const getAttestationDoc = vi.fn((..._args: unknown[]) => Buffer.from('document'));
    const nsm = openNsmDevice(() => fakeAddon({ getAttestationDoc }));
    const document = nsm.attestation({
      userData: new Uint8Array(512),
      nonce: null,
      publicKey: new Uint8Array(1024),
    });
    expect(Buffer.from(document).toString()).toBe('document');
    expect(getAttestationDoc).toHaveBeenCalledWith(7, Buffer.alloc(512), null, Buffer.alloc(1024));
  });

  it.each([
    ['InvalidArgument', 'NSM_INVALID_ARGUMENT'],
    ['InvalidIndex', 'NSM_INVALID_INDEX'],
    ['ReadOnlyIndex', 'NSM_READ_ONLY_INDEX'],
    ['InvalidOperation', 'NSM_INVALID_OPERATION'],
    ['InputTooLarge', 'NSM_INPUT_TOO_LARGE'],
    ['InternalError', 'NSM_INTERNAL_ERROR'],
    ['BufferTooSmall', 'NSM_INTERNAL_ERROR'],
    ['anything else', 'NSM_INTERNAL_ERROR'],
  ])('translates %s', (message, code) => {
    const nsm = openNsmDevice(() => fakeAddon({ extendPcr: fails(message) }));
    expect(codeOf(() => nsm.extendPcr(16, new Uint8Array(1)))).toBe(code);
  });

  it('refuses answers of a wrong length', () => {
    const nsm = openNsmDevice(() =>
      fakeAddon({
        getRandom: () => Buffer.alloc(0),
        getAttestationDoc: () => Buffer.alloc(0x3001),
        getPcrDescription: () => ({ lock: true, data: Buffer.alloc(32) }),
      }),
    );
    expect(codeOf(() => nsm.random())).toBe('NSM_INTERNAL_ERROR');
    expect(codeOf(() => nsm.attestation({ userData: null, nonce: null, publicKey: null }))).toBe(
      'NSM_INTERNAL_ERROR',
    );
    expect(codeOf(() => nsm.describePcr(0))).toBe('NSM_INTERNAL_ERROR');
  });

  it('returns entropy in memory of its own and zeroes the addon’s', () => {
    const answer = Buffer.alloc(256, 5);
    const nsm = openNsmDevice(() => fakeAddon({ getRandom: () => answer }));
    expect(nsm.random()).toEqual(new Uint8Array(256).fill(5));
    expect(answer.every((byte) => byte === 0)).toBe(true);
  });
});
