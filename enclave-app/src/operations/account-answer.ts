import { accountBody } from '@strongroom/shared/api/account-body';
import type { AccountView } from '@strongroom/shared/operations/account-command';
import type { HttpAnswer } from '@strongroom/shared/wire/envelope';
import { issueAccountCertificate } from '../certificates/certificates.ts';
import type { Deployment } from '../keys/root-record.ts';
import type { AccountRecord } from '../records/account-record.ts';
import type { AuthorityRecord } from '../records/authority-record.ts';

/** Final bytes of a JSON answer. */
export function jsonAnswer(status: number, value: unknown): HttpAnswer {
  return { status, body: Buffer.from(JSON.stringify(value)) };
}

/** The account as CDP shows it: the project's policy and its own, times in ISO 8601, no name when it has none. */
export function accountAnswer(status: number, record: AccountRecord, authority: AuthorityRecord): HttpAnswer {
  const projectPolicy = authority.policies.find((policy) => policy.scope === 'project');
  return jsonAnswer(status, accountBody(record, projectPolicy?.id ?? null));
}

/** The columns that the store keeps in the clear beside the sealed record. */
export function accountViewOf(deployment: Deployment, record: AccountRecord): AccountView {
  const { address, name, policyId, createdAtMs, updatedAtMs } = record;
  return {
    address,
    name,
    policyId,
    createdAtMs,
    updatedAtMs,
    certificate: issueAccountCertificate(deployment, record),
  };
}
