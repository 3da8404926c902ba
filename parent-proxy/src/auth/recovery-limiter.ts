// TRUST BOUNDARY: source addresses and project ids, from whoever asks about a recovery.
import { isIPv6 } from 'node:net';
import { RequestError } from '../request-error.ts';

/** Counts open requests about recovery in fixed windows of a minute, in this process. */
export interface RecoveryLimiter {
  /** @throws RequestError RATE_LIMITED with Retry-After */
  admitAddress(address: string | undefined): void;
  /** @param projectId hex @throws RequestError RATE_LIMITED with Retry-After */
  admitProject(projectId: string): void;
}

export const DEFAULT_RECOVERY_RATE_LIMIT = 60;
const WINDOW_MS = 60_000;
/** A window that has seen so many different subjects takes no further ones. */
const MAX_SUBJECTS = 100_000;

/** @param limit of each address, and of each project, in a minute */
export function createRecoveryLimiter(limit: number, nowMs: () => number): RecoveryLimiter {
  let windowStartMs = 0;
  let counts = new Map<string, number>();

  function admit(subject: string): void {
    const now = nowMs();
    const start = now - (now % WINDOW_MS);
    if (start !== windowStartMs) {
      windowStartMs = start;
      counts = new Map();
    }
    const count = counts.get(subject) ?? 0;
    if (count >= limit || (count === 0 && counts.size >= MAX_SUBJECTS))
      throw rateLimited(start + WINDOW_MS - now);
    counts.set(subject, count + 1);
  }

  return {
    admitAddress: (address) => admit(`address ${networkOf(address ?? 'unknown')}`),
    admitProject: (projectId) => admit(`project ${projectId}`),
  };
}

/** Of an IPv6 address the first 64 bits: whoever has one has all with the same (RFC 4291 section 2.5.4). */
function networkOf(address: string): string {
  const [plain = ''] = address.split('%');
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(plain)?.[1];
  if (mapped !== undefined || !isIPv6(plain)) return mapped ?? plain;
  const [head = '', tail = ''] = plain.split('::');
  const groupsOf = (part: string) => part.split(':').filter((group) => group !== '');
  const missing = plain.includes('::') ? 8 - groupsOf(head).length - groupsOf(tail).length : 0;
  const groups = [...groupsOf(head), ...Array.from({ length: missing }, () => '0'), ...groupsOf(tail)];
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':');
}

function rateLimited(waitMs: number): RequestError {
  return new RequestError('RATE_LIMITED', { headers: { 'retry-after': String(Math.ceil(waitMs / 1000)) } });
}
