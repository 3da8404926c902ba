import { createProject } from '@strongroom/shared/operations/create-project';
import * as v from 'valibot';
import { RequestError } from '../../request-error.ts';
import { base64Of, hexOf, jsonAnswer, readJsonBody } from '../json.ts';
import type { Answer, OpenRequest } from '../request.ts';
import type { Services } from '../services.ts';

const MAX_GENESIS_BYTES = 65_536;
export const projectBody = v.strictObject({
  genesis: v.pipe(
    v.string(),
    v.regex(/^[A-Za-z0-9+/]+={0,2}$/),
    v.maxLength(Math.ceil(MAX_GENESIS_BYTES / 3) * 4),
  ),
});

/** Stores a project whose genesis the enclave has verified, and returns its certificate. */
export async function createNewProject(
  { body, correlationId }: OpenRequest,
  { enclave, store, audit, nowMs }: Services,
): Promise<Answer> {
  const genesis = Buffer.from(readJsonBody(projectBody, body).genesis, 'base64');
  if (genesis.length > MAX_GENESIS_BYTES) throw new RequestError('INVALID_REQUEST');
  const { projectId, authority, clientSecret, certificate, view } = await enclave.call(createProject, {
    genesis,
  });
  const rows = { projectId, authority, clientSecret };
  const outcome = await store.addProject({ rows, view, certificate, createdAtMs: nowMs() });
  switch (outcome) {
    case 'added':
      audit.projectCreated(projectId, correlationId);
      return jsonAnswer(201, { projectId: hexOf(projectId), certificate: base64Of(certificate) });
    case 'project-taken':
      throw new RequestError('ALREADY_EXISTS', { clientMessage: 'The project already exists.' });
    case 'api-key-taken':
      throw new RequestError('ALREADY_EXISTS', {
        clientMessage: 'An API key with the given id already exists.',
      });
  }
}
