import { hash, randomUUID } from 'node:crypto';
import { describeIssue } from '@strongroom/shared/api/describe-issue';
import {
  type PolicyRule,
  type PolicyScope,
  policyCreateBody,
  policyUpdateBody,
} from '@strongroom/shared/api/policy';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { canonicalJson } from '@strongroom/shared/json/canonical-json';
import type { JsonValue } from '@strongroom/shared/json/json-value';
import type { JsonNode } from '@strongroom/shared/json/parse-json';
import type { createPolicy } from '@strongroom/shared/operations/create-policy';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import type { updatePolicy } from '@strongroom/shared/operations/update-policy';
import * as v from 'valibot';
import { type AuthorizedChange, authorizePolicyChange } from '../auth/authorize-authority-change.ts';
import { compilePolicy } from '../policy/compile-policy.ts';
import { PolicyError } from '../policy/policy-error.ts';
import type { ReadyService } from '../ready-service.ts';
import type { AuthorityRecord } from '../records/authority-record.ts';
import { NO_CONTENT, nextAuthority } from './authority-change.ts';

type PolicyReference = AuthorityRecord['policies'][number];
type PolicyResponse = ResponseOf<typeof createPolicy>;

const MAX_DOCUMENT_BYTES = 262_144;

/** What a policy document says beside its rules. */
interface PolicyHead {
  readonly id: string;
  readonly scope: PolicyScope;
  readonly description: string | undefined;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export async function handleCreatePolicy(
  { client, project: rows }: ParsedRequestOf<typeof createPolicy>,
  service: ReadyService,
): Promise<PolicyResponse> {
  const request = await authorizePolicyChange('create-policy', { client, rows }, service);
  const { scope, description, rules } = parsePolicyBody(policyCreateBody, request.body);
  const { policies } = request.project.authority.record;
  if (scope === 'project' && policies.some((policy) => policy.scope === 'project')) {
    throw new OperationError('ALREADY_EXISTS', { clientMessage: 'A project-level policy already exists.' });
  }
  if (policies.length >= 1000)
    throw new OperationError('INVALID_REQUEST', { clientMessage: 'The project has too many policies.' });
  const now = new Date(service.clock.nowMs()).toISOString();
  const head: PolicyHead = { id: randomUUID(), scope, description, createdAt: now, updatedAt: now };
  return writePolicy(request, { head, rules, version: 1, others: policies, status: 201 }, service);
}

export async function handleUpdatePolicy(
  { client, project: rows, document: untrustedDocument }: ParsedRequestOf<typeof updatePolicy>,
  service: ReadyService,
): Promise<PolicyResponse> {
  const request = await authorizePolicyChange('update-policy', { client, rows }, service);
  const { description, rules } = parsePolicyBody(policyUpdateBody, request.body);
  const { reference, others } = findPolicy(request);
  if (Buffer.compare(hash('sha256', untrustedDocument, 'buffer'), reference.digest) !== 0) {
    throw new OperationError('POLICY_DOCUMENT_REFUSED');
  }
  const { createdAt } = JSON.parse(Buffer.from(untrustedDocument).toString('utf8')) as { createdAt: string };
  const updatedAt = new Date(service.clock.nowMs()).toISOString();
  const head: PolicyHead = { id: reference.id, scope: reference.scope, description, createdAt, updatedAt };
  return writePolicy(request, { head, rules, version: reference.version + 1, others, status: 200 }, service);
}

export async function handleDeletePolicy(
  { client, project: rows }: ParsedRequestOf<typeof createPolicy>,
  service: ReadyService,
): Promise<PolicyResponse> {
  const request = await authorizePolicyChange('delete-policy', { client, rows }, service);
  const { reference, others } = findPolicy(request);
  const { id, scope, version } = reference;
  return {
    answer: NO_CONTENT,
    ...nextAuthority(request, { policies: [...others] }, service),
    policy: { id, scope, version, document: null },
  };
}

function findPolicy({ id, project }: AuthorizedChange): {
  reference: PolicyReference;
  others: readonly PolicyReference[];
} {
  const { policies } = project.authority.record;
  const wanted = id?.toLowerCase();
  const reference = policies.find((policy) => policy.id === wanted);
  if (reference === undefined) throw new OperationError('NOT_FOUND', { clientMessage: 'Policy not found.' });
  return { reference, others: policies.filter((policy) => policy !== reference) };
}

function parsePolicyBody<Body>(schema: v.GenericSchema<unknown, Body>, body: JsonValue): Body {
  const parsed = v.safeParse(schema, body);
  if (parsed.success) return parsed.output;
  throw new OperationError('INVALID_REQUEST', {
    clientMessage: describeIssue(parsed.issues[0]),
  });
}

interface NewPolicyVersion {
  readonly head: PolicyHead;
  readonly rules: readonly PolicyRule[];
  readonly version: number;
  readonly others: readonly PolicyReference[];
  readonly status: number;
}

/** Compiles the rules, so that nothing is stored that could not be evaluated, and pins the document's digest in the record. */
function writePolicy(
  request: AuthorizedChange,
  { head, rules, version, others, status }: NewPolicyVersion,
  service: ReadyService,
): PolicyResponse {
  const { id, scope } = head;
  try {
    compilePolicy(id, rules);
  } catch (cause) {
    if (cause instanceof PolicyError)
      throw new OperationError('INVALID_REQUEST', { cause, clientMessage: cause.message });
    throw cause;
  }
  const document = encodeDocument(head, rulesOf(request.json));
  if (document.length > MAX_DOCUMENT_BYTES) {
    throw new OperationError('INVALID_REQUEST', { clientMessage: 'The policy is larger than 256 KiB.' });
  }
  const reference: PolicyReference = { id, scope, version, digest: hash('sha256', document, 'buffer') };
  return {
    answer: { status, body: document },
    ...nextAuthority(request, { policies: [...others, reference] }, service),
    policy: { id, scope, version, document },
  };
}

/** The rules as they were sent: every number and string keeps its spelling. */
function rulesOf(json: JsonNode | null): string {
  const rules = json?.kind === 'object' ? json.members.find((member) => member.key === 'rules') : undefined;
  if (rules === undefined) throw new OperationError('INVALID_REQUEST');
  return canonicalJson(rules.value, 'javascript');
}

function encodeDocument({ id, scope, description, createdAt, updatedAt }: PolicyHead, rules: string): Buffer {
  const head = JSON.stringify({ id, ...(description !== undefined && { description }), scope });
  return Buffer.from(
    `${head.slice(0, -1)},"rules":${rules},"createdAt":"${createdAt}","updatedAt":"${updatedAt}"}`,
  );
}
