// TRUST BOUNDARY: policy documents as the parent's store returns them.
import { hash } from 'node:crypto';
import { policyRule } from '@strongroom/shared/api/policy';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import * as v from 'valibot';
import type { Acceptance } from '../policy/approval.ts';
import { type CompiledPolicy, compilePolicy } from '../policy/compile-policy.ts';
import { type ApplicablePolicies, evaluate } from '../policy/evaluate.ts';
import type { PolicyCache } from '../policy/policy-cache.ts';
import type { RequestUnit } from '../policy/request-unit.ts';
import type { AccountRecord } from '../records/account-record.ts';
import type { AuthorityRecord } from '../records/authority-record.ts';
import type { OpenedProject } from '../records/projects.ts';

export interface Jurisdiction {
  readonly project: OpenedProject;
  /** Null for an account whose key is elsewhere. */
  readonly account: AccountRecord | null;
  readonly untrustedDocuments: readonly Uint8Array[];
}

/**
 * Puts a request before the policies that the records name.
 * @throws OperationError POLICY_VIOLATION when they reject it, POLICY_DOCUMENT_REFUSED when the parent withholds or alters one
 */
export function decide(
  jurisdiction: Jurisdiction,
  unit: RequestUnit,
  service: { readonly policies: PolicyCache },
): Acceptance {
  const verdict = evaluate(applicablePolicies(jurisdiction, service), unit);
  if (verdict.kind === 'reject') throw new OperationError('POLICY_VIOLATION');
  return verdict;
}

/** The project's policy and the account's own, each by the digest in the project's record. A policy that is named and missing is a refusal. */
export function applicablePolicies(
  { project, account, untrustedDocuments }: Jurisdiction,
  { policies: cache }: { readonly policies: PolicyCache },
): ApplicablePolicies {
  const { policies } = project.authority.record;
  const ofProject = policies.find((policy) => policy.scope === 'project');
  const policyId = account?.policyId ?? null;
  const ofAccount = policyId === null ? undefined : policies.find((policy) => policy.id === policyId);
  if (policyId !== null && ofAccount === undefined) throw new OperationError('POLICY_DOCUMENT_REFUSED');
  const load = (reference: AuthorityRecord['policies'][number] | undefined) =>
    reference === undefined ? null : loadPolicy(reference, untrustedDocuments, cache);
  return { project: load(ofProject), account: load(ofAccount) };
}

function loadPolicy(
  { id, digest }: AuthorityRecord['policies'][number],
  untrustedDocuments: readonly Uint8Array[],
  cache: PolicyCache,
): CompiledPolicy {
  return cache.getOrCompile(id, digest, () => {
    const document = untrustedDocuments.find(
      (candidate) => Buffer.compare(hash('sha256', candidate, 'buffer'), digest) === 0,
    );
    if (document === undefined) throw new OperationError('POLICY_DOCUMENT_REFUSED');
    // These bytes are what the enclave itself wrote when the policy was made.
    const { rules } = JSON.parse(Buffer.from(document).toString('utf8')) as { rules: unknown };
    return compilePolicy(id, v.parse(v.array(policyRule), rules));
  });
}
