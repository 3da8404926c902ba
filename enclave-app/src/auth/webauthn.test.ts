import { readFileSync } from 'node:fs';
import type { PasskeyAssertion } from '@strongroom/shared/api/factor-body';
import { describe, expect, it } from 'vitest';
import { type AssertionExpectation, verifyAssertion } from './webauthn.ts';

// Recorded from Chromium's virtual authenticator over a challenge of 32 bytes 0x07.
const recorded = JSON.parse(
  readFileSync(new URL('../../../vectors/webauthn/chromium-assertion.json', import.meta.url), 'utf8'),
) as PasskeyAssertion & { readonly origin: string; readonly publicKey: string };
const refused = expect.objectContaining({ code: 'SECOND_FACTOR_REFUSED' });
const expected: AssertionExpectation = {
  challenge: new Uint8Array(32).fill(7),
  webauthn: { rpId: 'localhost', origins: ['https://elsewhere.example', recorded.origin] },
  passkey: { publicKey: Buffer.from(recorded.publicKey, 'base64'), signCount: 1 },
};
const FIELDS = ['clientDataJson', 'authenticatorData', 'signature'] as const;

describe('an assertion of Chromium', () => {
  it('is accepted, with its counter', () => {
    expect(verifyAssertion(recorded, expected)).toBe(2);
  });

  it.each(FIELDS)('is refused with any bit of %s flipped', (field) => {
    const bytes = Buffer.from(recorded[field], 'base64url');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      const altered = { ...recorded, [field]: flipped.toString('base64url') };
      expect(() => verifyAssertion(altered, expected), `bit ${bit}`).toThrow(refused);
    }
  });

  it.each(FIELDS)('is refused with %s cut short, longer, or spelled otherwise', (field) => {
    const bytes = Buffer.from(recorded[field], 'base64url');
    const others = [bytes.subarray(1), bytes.subarray(0, -1), Buffer.concat([bytes, Buffer.of(0)])];
    const spelled = [...others.map((other) => other.toString('base64url')), `${recorded[field]}=`, ''];
    for (const text of spelled) {
      expect(() => verifyAssertion({ ...recorded, [field]: text }, expected)).toThrow(refused);
    }
  });

  it('is refused for another challenge, origin, relying party, key or counter', () => {
    const { webauthn, passkey } = expected;
    const others: AssertionExpectation[] = [
      { ...expected, challenge: new Uint8Array(32).fill(8) },
      { ...expected, webauthn: { ...webauthn, origins: ['http://localhost'] } },
      { ...expected, webauthn: { ...webauthn, rpId: 'example.com' } },
      { ...expected, passkey: { ...passkey, signCount: 2 } },
      { ...expected, passkey: { ...passkey, signCount: 2 ** 32 } },
    ];
    for (const other of others) expect(() => verifyAssertion(recorded, other)).toThrow(refused);
  });
});
