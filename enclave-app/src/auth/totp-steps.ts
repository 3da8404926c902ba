import { OperationError } from '@strongroom/shared/channel/operation-error';
import { totpStepAt } from './totp.ts';

const MAX_PROJECTS = 65_536;

/** The last TOTP step of each project that was used in this enclave's life: the parent can present an older record, but not to this memory. */
export interface TotpSteps {
  /** Zero when none of the last minutes is remembered. */
  lastOf(projectId: Uint8Array): number;
  /** @throws OperationError OVERLOADED when the steps of 65,536 projects could still be replayed */
  use(projectId: Uint8Array, step: number, nowMs: number): void;
}

export function createTotpSteps(maxProjects = MAX_PROJECTS): TotpSteps {
  const last = new Map<string, number>();
  const keyOf = (projectId: Uint8Array) => Buffer.from(projectId).toString('hex');
  return {
    lastOf: (projectId) => last.get(keyOf(projectId)) ?? 0,
    use(projectId, step, nowMs) {
      const key = keyOf(projectId);
      if (last.size >= maxProjects && !last.has(key)) {
        // Two steps back no code is in the window any more.
        for (const [other, used] of last) if (used < totpStepAt(nowMs) - 1) last.delete(other);
        if (last.size >= maxProjects) throw new OperationError('OVERLOADED');
      }
      last.set(key, Math.max(step, last.get(key) ?? 0));
    },
  };
}
