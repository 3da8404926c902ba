import { createPrivateKey, type KeyObject } from 'node:crypto';
import type { ProjectCertificate } from '@strongroom/attestation/project-certificate';
import { type ApiCredentials, makeBearerToken } from './bearer-token.ts';
import { callWithFactor, type SecondFactorSource } from './factor-call.ts';
import { connectService } from './service.ts';
import { type Call, type Caller, createCaller } from './service-call.ts';
import { type ServiceIdentity, type ServicePins, verifyProject, verifyService } from './verify-service.ts';

/** Who holds a project's secrets, and what he pins of its service. */
export interface Owner {
  readonly baseUrl: string;
  readonly pins: ServicePins;
  readonly projectId: Uint8Array;
  readonly credentials: ApiCredentials;
  readonly walletSecret: KeyObject;
  /** Asked where the project requires a second factor. */
  readonly secondFactor?: SecondFactorSource;
}

/** An owner's way to a service that was verified. */
export interface OwnerSession {
  readonly identity: ServiceIdentity;
  /** Asks with the API key alone. */
  readonly ask: (question: Pick<Call, 'method' | 'path' | 'query' | 'body'>) => ReturnType<Caller['call']>;
  /** Asks with the API key and, over the whole request, the Wallet Secret. */
  readonly change: (
    method: 'POST' | 'PUT' | 'DELETE',
    path: string,
    body?: unknown,
  ) => ReturnType<Caller['call']>;
  /** The project as the enclave certifies it now. */
  readonly certificate: () => Promise<ProjectCertificate>;
}

/** Verifies the service before anything is asked of it. @throws AttestationError, ClientError */
export async function openOwnerSession({
  baseUrl,
  pins,
  projectId,
  credentials,
  walletSecret,
  secondFactor,
}: Owner): Promise<OwnerSession> {
  const service = connectService(baseUrl);
  const identity = await verifyService(service, pins);
  const caller = createCaller(baseUrl);
  const project = { projectId, identity };
  const authorization = (method: string, url: URL) => makeBearerToken(credentials, method, url);
  return {
    identity,
    ask: (question) => caller.call({ ...question, authorization }),
    change: (method, path, body) =>
      callWithFactor(
        caller,
        { method, path, body, authorization, walletSecret },
        { ...project, secondFactor },
      ),
    certificate: () => verifyProject(service, identity, { credentials, projectId }),
  };
}

/** Imports a Wallet Secret in the form of the CDP SDK: base64 of PKCS#8 DER. */
export function importWalletSecret(secret: string): KeyObject {
  return createPrivateKey({ key: Buffer.from(secret, 'base64'), format: 'der', type: 'pkcs8' });
}
