import { evaluatePolicyBody, verdictBody } from '@strongroom/shared/api/evaluate-body';
import { policyBody, policyCreateBody, policyScope, policyUpdateBody } from '@strongroom/shared/api/policy';
import * as v from 'valibot';
import { nextPageToken, pageQuery } from './page.ts';
import type { ProjectRoute } from './route.ts';
import { evaluateRequestedPolicy } from './routes/evaluate-policy.ts';
import {
  createNewPolicy,
  deleteExistingPolicy,
  getPolicy,
  listPolicies,
  updateExistingPolicy,
} from './routes/policies.ts';

const POLICIES = '/v2/policy-engine/policies';
const POLICY = `${POLICIES}/:policyId`;

const read = { auth: 'api-key', scope: 'read' } as const;
const manage = { auth: 'policy-authority', scope: 'policies#manage' } as const;

export const POLICY_ROUTES: readonly ProjectRoute[] = [
  {
    method: 'GET',
    path: POLICIES,
    ...read,
    handle: listPolicies,
    contract: {
      operationId: 'listPolicies',
      summary: 'Lists the policies of the project, newest first.',
      query: { ...pageQuery, scope: v.optional(policyScope) },
      success: { status: 200, body: v.strictObject({ policies: v.array(policyBody), nextPageToken }) },
      refusals: [400],
    },
  },
  {
    method: 'POST',
    path: POLICIES,
    ...manage,
    handle: createNewPolicy,
    contract: {
      operationId: 'createPolicy',
      summary: 'Makes a policy; a project has at most one of scope `project`.',
      body: policyCreateBody,
      isIdempotent: true,
      success: { status: 201, body: policyBody },
    },
  },
  {
    method: 'GET',
    path: POLICY,
    ...read,
    handle: getPolicy,
    contract: {
      operationId: 'getPolicyById',
      summary: 'Shows a policy.',
      success: { status: 200, body: policyBody },
      refusals: [404],
    },
  },
  {
    method: 'PUT',
    path: POLICY,
    ...manage,
    handle: updateExistingPolicy,
    contract: {
      operationId: 'updatePolicy',
      summary: 'Replaces description and rules of a policy, for all accounts that have it at once.',
      body: policyUpdateBody,
      isIdempotent: true,
      success: { status: 200, body: policyBody },
      refusals: [404],
    },
  },
  {
    method: 'DELETE',
    path: POLICY,
    ...manage,
    handle: deleteExistingPolicy,
    contract: {
      operationId: 'deletePolicy',
      summary: 'Removes a policy that no account has.',
      isIdempotent: true,
      success: { status: 204, body: null },
      refusals: [400, 404],
    },
  },
  {
    method: 'POST',
    path: '/v2/policy-engine/evaluate',
    ...read,
    handle: evaluateRequestedPolicy,
    contract: {
      operationId: 'evaluatePolicy',
      summary: 'Says what would be decided on a request, and by which rule. Signs nothing.',
      body: evaluatePolicyBody,
      success: { status: 200, body: verdictBody },
      refusals: [404],
    },
  },
];
