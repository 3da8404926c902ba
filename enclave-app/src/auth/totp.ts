import { createHmac, timingSafeEqual } from 'node:crypto';

const STEP_MS = 30_000;
const DIGITS = 6;
/** Steps before and after the one of now, for clocks that differ (RFC 6238 section 5.2). */
const WINDOW = 1;

/** The code of one step (RFC 6238 with HMAC-SHA-1, six digits; RFC 4226 section 5.3), which is what authenticator apps compute. */
export function totpCodeAt(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', secret).update(counter).digest();
  const offset = (digest[digest.length - 1] as number) & 0x0f;
  const truncated = digest.readUInt32BE(offset) & 0x7fff_ffff;
  return String(truncated % 10 ** DIGITS).padStart(DIGITS, '0');
}

/** The number of the 30-second step. */
export function totpStepAt(timeMs: number): number {
  return Math.floor(timeMs / STEP_MS);
}

/** @returns the step within the window whose code this is; null for none. Each is compared, in the same time. */
export function matchTotpStep(secret: Uint8Array, untrustedCode: string, nowMs: number): number | null {
  const now = totpStepAt(nowMs);
  let matched: number | null = null;
  for (let step = now - WINDOW; step <= now + WINDOW; step++) {
    if (isSameCode(totpCodeAt(secret, step), untrustedCode)) matched = step;
  }
  return matched;
}

function isSameCode(code: string, untrustedCode: string): boolean {
  return untrustedCode.length === DIGITS && timingSafeEqual(Buffer.from(code), Buffer.from(untrustedCode));
}
