import { POLICY_NOT_FOUND } from '@strongroom/shared/api/error-response';
import { policyScope } from '@strongroom/shared/api/policy';
import { createPolicy } from '@strongroom/shared/operations/create-policy';
import { deletePolicy } from '@strongroom/shared/operations/delete-policy';
import { updatePolicy } from '@strongroom/shared/operations/update-policy';
import * as v from 'valibot';
import { RequestError } from '../../request-error.ts';
import { changeAuthority } from '../authority-change.ts';
import { encodeCursor, pageOf } from '../page.ts';
import type { Answer, ProjectRequest } from '../request.ts';
import type { Services } from '../services.ts';
import { clientRequestOf } from '../wallet-request.ts';

/** A page of whole documents; each may have 256 KiB. */
const MAX_POLICY_PAGE = 100;

export async function createNewPolicy(request: ProjectRequest, services: Services): Promise<Answer> {
  const client = clientRequestOf(request);
  return await changeAuthority(request, services, {
    name: 'policy-created',
    ask: ({ project }) => services.enclave.call(createPolicy, { client, project }),
    doneCode: 'ALREADY_EXISTS',
  });
}

export async function updateExistingPolicy(request: ProjectRequest, services: Services): Promise<Answer> {
  const client = clientRequestOf(request);
  const id = policyIdOf(request);
  return await changeAuthority(request, services, {
    name: 'policy-updated',
    ask: async ({ project }) => {
      const document = await documentOf(request, services, id);
      return await services.enclave.call(updatePolicy, { client, project, document });
    },
    doneCode: null,
  });
}

export async function deleteExistingPolicy(request: ProjectRequest, services: Services): Promise<Answer> {
  const client = clientRequestOf(request);
  return await changeAuthority(request, services, {
    name: 'policy-deleted',
    ask: ({ project }) => services.enclave.call(deletePolicy, { client, project }),
    doneCode: 'NOT_FOUND',
  });
}

/** The document as the enclave wrote it, byte for byte. */
export async function getPolicy(request: ProjectRequest, services: Services): Promise<Answer> {
  return documentAnswer(200, await documentOf(request, services, policyIdOf(request)));
}

export async function listPolicies(
  { principal, query }: ProjectRequest,
  { store }: Services,
): Promise<Answer> {
  const { projectId } = principal.project;
  const { limit, after } = pageOf(query, MAX_POLICY_PAGE);
  const scope = scopeOf(query);
  const { rows, next } = await store.listPolicyDocuments({ projectId, scope, limit, after });
  const documents = rows.map((document) => Buffer.from(document).toString('utf8')).join(',');
  const nextPage = next === null ? '' : `,"nextPageToken":"${encodeCursor(next)}"`;
  return { status: 200, body: `{"policies":[${documents}]${nextPage}}` };
}

function scopeOf(query: URLSearchParams): v.InferOutput<typeof policyScope> | null {
  const text = query.get('scope');
  if (text === null) return null;
  const scope = v.safeParse(policyScope, text);
  if (!scope.success)
    throw new RequestError('INVALID_REQUEST', { clientMessage: 'scope must be project or account.' });
  return scope.output;
}

function policyIdOf({ parameters }: ProjectRequest): string {
  return (parameters['policyId'] ?? '').toLowerCase();
}

async function documentOf(
  { principal }: ProjectRequest,
  { store }: Services,
  policyId: string,
): Promise<Uint8Array> {
  const document = await store.findPolicyDocument(principal.project.projectId, policyId);
  if (document === null) throw new RequestError('NOT_FOUND', { clientMessage: POLICY_NOT_FOUND });
  return document;
}

function documentAnswer(status: number, document: Uint8Array): Answer {
  return { status, body: document };
}
