import { randomBytes } from 'node:crypto';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { StatusReason } from '@strongroom/shared/phase';
import type { AnchoredClock } from '../clock.ts';
import type { Entropy } from '../keys/entropy.ts';
import type { Deployment } from '../keys/root-record.ts';
import type { Lifecycle } from './lifecycle.ts';

/**
 * The life of an enclave that failed before it had a clock or entropy: it says why, and every other operation is refused. It holds no secret
 * and never gets one.
 */
export function createFailedLifecycle(reason: StatusReason): Lifecycle {
  const refuse = (): never => {
    throw new OperationError('PHASE_REFUSED');
  };
  return {
    phase: 'failed',
    reason,
    bootId: randomBytes(16),
    credentialsExpireAtMs: null,
    keyPoliciesCheckedAtMs: null,
    get clock(): AnchoredClock {
      return refuse();
    },
    get entropy(): Entropy {
      return refuse();
    },
    get deployment(): Deployment {
      return refuse();
    },
    attest: refuse,
    setCredentials: refuse,
    runGenesis: async () => refuse(),
    loadRootRecord: async () => refuse(),
    changeRoots: async () => refuse(),
    openApart: async () => refuse(),
    securityEpoch: 0,
    describeRoots: refuse,
    recheck: async () => undefined,
  };
}
