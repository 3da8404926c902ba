import type { Relay } from '@strongroom/chain-relay/relay';
import type { AuditLog } from '../audit-events.ts';
import type { Authenticate } from '../auth/api-key.ts';
import type { ClientAddressOf } from '../auth/client-address.ts';
import type { AdmitEnrolment } from '../auth/enrolment.ts';
import type { KeyUse } from '../auth/key-use.ts';
import type { RateLimiter } from '../auth/rate-limiter.ts';
import type { RecoveryLimiter } from '../auth/recovery-limiter.ts';
import type { Enclave } from '../enclave/enclave.ts';
import type { Metrics } from '../metrics/metrics.ts';
import type { RecoveryNotifier } from '../recovery-notifier.ts';
import type { LazyReseal } from '../rotation/lazy-reseal.ts';
import type { Store } from '../store/store.ts';
import type { Turns } from './turns.ts';

/** What the routes work with. */
export interface Services {
  readonly store: Store;
  readonly relay: Relay;
  readonly enclave: Pick<Enclave, 'call' | 'status'>;
  readonly authenticate: Authenticate;
  readonly clientAddressOf: ClientAddressOf;
  readonly admitEnrolment: AdmitEnrolment;
  readonly rateLimiter: RateLimiter;
  readonly keyUse: KeyUse;
  readonly turns: Turns;
  readonly lazyReseal: Pick<LazyReseal, 'note'>;
  readonly recoveryLimiter: RecoveryLimiter;
  readonly recoveryNotifier: RecoveryNotifier;
  readonly audit: AuditLog;
  readonly metrics: Pick<Metrics, 'httpRequestStarted' | 'refused'>;
  readonly nowMs: () => number;
}
