// What an honest store would keep of policies, for tests that play a parent with a store of its own.
import { constants, createPublicKey, type KeyObject, publicEncrypt } from 'node:crypto';
import { makeBearerToken } from '@strongroom/client/bearer-token';
import { createPolicy } from '@strongroom/shared/operations/create-policy';
import type { ClientRequest } from '@strongroom/shared/operations/fields';
import { getImportKey } from '@strongroom/shared/operations/get-import-key';
import { updatePolicy } from '@strongroom/shared/operations/update-policy';
import {
  LAB_AUTHORITY,
  type LabProject,
  type LabRequest,
  signedRequest,
} from '../../src/hostile/lab-project.ts';
import type { LabEnclave } from '../../src/hostile/laboratory.ts';

/** A policy as it is stored, and the project's rows as they are since. */
export interface LabPolicy {
  readonly id: string;
  readonly document: Uint8Array;
  readonly project: LabProject;
}

const POLICIES = '/v2/policy-engine/policies';

export async function addLabPolicy(
  enclave: LabEnclave,
  project: LabProject,
  body: object,
): Promise<LabPolicy> {
  const client = signedRequest(project, { path: POLICIES, body });
  const { authority, policy } = await enclave.call(createPolicy, { client, project: project.rows });
  return stored(project, authority, policy);
}

export async function changeLabPolicy(
  enclave: LabEnclave,
  { id, document, project }: LabPolicy,
  body: object,
): Promise<LabPolicy> {
  const client = signedRequest(project, { method: 'PUT', path: `${POLICIES}/${id}`, body });
  const changed = await enclave.call(updatePolicy, { client, project: project.rows, document });
  return stored(project, changed.authority, changed.policy);
}

function stored(
  project: LabProject,
  authority: LabProject['rows']['authority'],
  { id, document }: { readonly id: string; readonly document: Uint8Array | null },
): LabPolicy {
  if (document === null) throw new Error('the enclave wrote no document');
  return { id, document, project: { ...project, rows: { ...project.rows, authority } } };
}

/** A request with both tokens; the bearer's key may be another. */
export function fullySignedRequest(
  project: LabProject,
  request: LabRequest,
  apiKey = project.apiKey,
): ClientRequest {
  const signed = signedRequest(project, request);
  const url = new URL(`http://${LAB_AUTHORITY}${signed.path}`);
  const credentials = { apiKeyId: apiKey.id, apiKeySecret: apiKey.secret };
  return { ...signed, bearerToken: makeBearerToken(credentials, signed.method, url) };
}

/** The project's import key: sealed, and as clients see it. */
export async function makeLabImportKey(
  enclave: LabEnclave,
  { rows }: LabProject,
): Promise<{ readonly sealed: Uint8Array; readonly publicKey: KeyObject }> {
  const { created, publicKey } = await enclave.call(getImportKey, { project: rows, importKey: null });
  if (created === null) throw new Error('the enclave made no import key');
  const key = Buffer.from(publicKey);
  return { sealed: created, publicKey: createPublicKey({ key, format: 'der', type: 'spki' }) };
}

/** As the SDK encrypts a key that it imports, base64. */
export function encryptForImport(publicKey: KeyObject, secretKey: Uint8Array): string {
  const padding = constants.RSA_PKCS1_OAEP_PADDING;
  return publicEncrypt({ key: publicKey, padding, oaepHash: 'sha256' }, secretKey).toString('base64');
}
