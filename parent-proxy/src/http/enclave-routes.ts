import { addApiKeyBody, apiKeyBody } from '@strongroom/shared/api/api-key-body';
import { PHASES } from '@strongroom/shared/phase';
import * as v from 'valibot';
import type { Route } from './route.ts';
import { addNewApiKey, listApiKeys, revokeExistingApiKey } from './routes/api-keys.ts';
import { createNewProject, projectBody } from './routes/create-project.ts';
import { getEnclaveAttestation } from './routes/get-attestation.ts';
import { getEnclaveStatus } from './routes/get-enclave-status.ts';
import { getProjectImportKey } from './routes/get-import-key.ts';
import { getProjectCertificate } from './routes/get-project-certificate.ts';
import { getRotationCertificate } from './routes/get-rotation-certificate.ts';
import { issueNonce } from './routes/issue-project-nonce.ts';

const base64 = v.pipe(v.string(), v.description('base64'));
const hex = v.pipe(v.string(), v.regex(/^[0-9a-f]+$/));
const nonceQuery = {
  nonce: v.pipe(v.string(), v.regex(/^(?:[0-9a-fA-F]{2}){16,64}$/), v.description('16 to 64 bytes in hex.')),
};

/** What CDP has no counterpart of: attestation, projects, import keys, API keys. */
export const ENCLAVE_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/v2/enclave/attestation',
    auth: 'none',
    handle: getEnclaveAttestation,
    contract: {
      operationId: 'getAttestation',
      summary: 'An attestation document over the nonce, and the manifest whose digest it carries.',
      query: nonceQuery,
      success: { status: 200, body: v.strictObject({ attestationDocument: base64, manifest: base64 }) },
      refusals: [400],
    },
  },
  {
    method: 'GET',
    path: '/v2/enclave/status',
    auth: 'none',
    handle: getEnclaveStatus,
    contract: {
      operationId: 'getEnclaveStatus',
      summary: 'Phase of the enclave, and why it is not ready; without proof.',
      success: {
        status: 200,
        body: v.strictObject({
          phase: v.picklist([...PHASES, 'unreachable']),
          reason: v.nullable(v.string()),
        }),
      },
    },
  },
  {
    method: 'POST',
    path: '/v2/enclave/project-nonces',
    auth: 'enrolment',
    handle: issueNonce,
    contract: {
      operationId: 'issueProjectNonce',
      summary: 'A nonce for one project genesis.',
      body: v.strictObject({}),
      success: {
        status: 201,
        body: v.strictObject({
          nonce: hex,
          deploymentId: hex,
          expiresAt: v.pipe(v.string(), v.isoTimestamp()),
        }),
      },
    },
  },
  {
    method: 'POST',
    path: '/v2/enclave/projects',
    auth: 'enrolment',
    handle: createNewProject,
    contract: {
      operationId: 'createProject',
      summary: 'Creates the project of a genesis that its Wallet Secret signed.',
      body: projectBody,
      success: { status: 201, body: v.strictObject({ projectId: hex, certificate: base64 }) },
      refusals: [409],
    },
  },
  {
    method: 'GET',
    path: '/v2/enclave/project-certificate',
    auth: 'api-key',
    scope: 'read',
    handle: getProjectCertificate,
    contract: {
      operationId: 'getProjectCertificate',
      summary: "The enclave's certificate of the project's keys and permissions, over the nonce.",
      query: nonceQuery,
      success: { status: 200, body: v.strictObject({ certificate: base64 }) },
      refusals: [400],
    },
  },
  {
    method: 'GET',
    path: '/v2/enclave/rotation-certificate',
    auth: 'api-key',
    scope: 'read',
    handle: getRotationCertificate,
    contract: {
      operationId: 'getRotationCertificate',
      summary: 'What the enclave saw of the project after the last rotation of the root key.',
      success: { status: 200, body: v.strictObject({ certificate: base64 }) },
      refusals: [404],
    },
  },
  {
    method: 'GET',
    path: '/v2/enclave/import-key',
    auth: 'api-key',
    scope: 'read',
    handle: getProjectImportKey,
    contract: {
      operationId: 'getImportKey',
      summary: 'The key to which clients encrypt what they import, and its certificate.',
      success: { status: 200, body: v.strictObject({ publicKeyPem: v.string(), certificate: base64 }) },
    },
  },
  {
    method: 'GET',
    path: '/v2/enclave/api-keys',
    auth: 'api-key',
    scope: 'read',
    handle: listApiKeys,
    contract: {
      operationId: 'listApiKeys',
      summary: "The project's API keys.",
      success: { status: 200, body: v.strictObject({ apiKeys: v.array(apiKeyBody) }) },
    },
  },
  {
    method: 'POST',
    path: '/v2/enclave/api-keys',
    auth: 'wallet',
    scope: 'sign',
    handle: addNewApiKey,
    contract: {
      operationId: 'addApiKey',
      summary: 'Adds an API key that proves that it exists.',
      body: addApiKeyBody,
      isIdempotent: true,
      success: { status: 201, body: apiKeyBody },
    },
  },
  {
    method: 'DELETE',
    path: '/v2/enclave/api-keys/:keyId{.+}',
    auth: 'wallet',
    scope: 'sign',
    handle: revokeExistingApiKey,
    contract: {
      operationId: 'revokeApiKey',
      summary: 'Revokes an API key at once; the last one stays.',
      isIdempotent: true,
      success: { status: 204, body: null },
      refusals: [400, 404],
    },
  },
];
