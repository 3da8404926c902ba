import { hash, randomBytes } from 'node:crypto';
import { base32Of } from './totp-secret.ts';

const CODE_BYTES = 16;
const CONTEXT = Buffer.from('strongroom/recovery-code/v1');

/** A recovery code: 128 random bits, shown in groups of base32. */
export interface RecoveryCode {
  readonly code: Uint8Array;
  readonly shown: string;
}

export function makeRecoveryCodes(count: number): readonly RecoveryCode[] {
  return Array.from({ length: count }, () => {
    const code = randomBytes(CODE_BYTES);
    return { code, shown: (base32Of(code).match(/.{1,5}/g) ?? []).join('-') };
  });
}

/** What the enclave keeps of a code: SHA-256("strongroom/recovery-code/v1" || project id(32) || code(16)). */
export function recoveryCodeDigest(projectId: Uint8Array, code: Uint8Array): Uint8Array {
  return hash('sha256', Buffer.concat([CONTEXT, projectId, code]), 'buffer');
}

/** Reads a code as it was shown, in any case, with any hyphens and blanks; null when it is none. */
export function parseRecoveryCode(typed: string): Uint8Array | null {
  const text = typed.toUpperCase().replace(/[\s-]/g, '');
  if (!/^[A-Z2-7]{26}$/.test(text)) return null;
  const bits = Array.from(text, (char) => {
    const value = char >= 'A' ? char.charCodeAt(0) - 65 : Number(char) + 24;
    return value.toString(2).padStart(5, '0');
  }).join('');
  const code = Uint8Array.from({ length: CODE_BYTES }, (_, at) =>
    Number.parseInt(bits.slice(at * 8, at * 8 + 8), 2),
  );
  return base32Of(code) === text ? code : null;
}
