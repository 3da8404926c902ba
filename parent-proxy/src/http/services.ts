import type { AuditLog } from '../audit-events.ts';
import type { Authenticate } from '../auth/api-key.ts';
import type { AdmitEnrolment } from '../auth/enrolment.ts';
import type { Enclave } from '../enclave/enclave.ts';
import type { Store } from '../store/store.ts';

/** What the routes work with. */
export interface Services {
  readonly store: Store;
  readonly enclave: Pick<Enclave, 'call' | 'status'>;
  readonly authenticate: Authenticate;
  readonly admitEnrolment: AdmitEnrolment;
  readonly audit: AuditLog;
  readonly nowMs: () => number;
}
