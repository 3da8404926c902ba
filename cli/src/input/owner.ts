import type { KeyObject } from 'node:crypto';
import { importWalletSecret, type Owner } from '@strongroom/client/owner';
import type { LostProject } from '@strongroom/client/recovery';
import { connectService, type Service } from '@strongroom/client/service';
import { type KnownProject, type ServiceIdentity, verifyService } from '@strongroom/client/verify-service';
import { UsageError } from '../framework/usage-error.ts';
import { required, text, type Values } from '../framework/values.ts';
import { type CredentialsFile, readCredentials } from './credentials-file.ts';
import { askSecondFactor } from './second-factor.ts';
import { checkUrl, readPins } from './service-options.ts';

/** The project of `--credentials`, with its secrets. @throws UsageError */
export function readOwner(values: Values): { readonly owner: Owner; readonly file: CredentialsFile } {
  const file = readCredentials(values);
  const owner: Owner = {
    baseUrl: checkUrl(text(values, 'url') ?? file.baseUrl),
    pins: readPins(values, file),
    projectId: Buffer.from(file.projectId, 'hex'),
    credentials: file,
    walletSecret: walletSecretOf(file),
    secondFactor: askSecondFactor,
  };
  return { owner, file };
}

/** The Wallet Secret of a credentials file. @throws UsageError when it is none */
export function walletSecretOf({ walletSecret }: CredentialsFile): KeyObject {
  try {
    return importWalletSecret(walletSecret);
  } catch {
    throw new UsageError('The "walletSecret" of the credentials file is not one.');
  }
}

/** A service that was verified, and the project at it. */
export interface VerifiedSession {
  readonly service: Service;
  readonly identity: ServiceIdentity;
  readonly project: KnownProject;
  readonly file: CredentialsFile;
}

/** Verifies the service of `--credentials` before anything is asked of it. @throws UsageError, AttestationError, ClientError */
export async function openVerified(values: Values): Promise<VerifiedSession> {
  const file = readCredentials(values);
  const service = connectService(checkUrl(text(values, 'url') ?? file.baseUrl));
  const identity = await verifyService(service, readPins(values, file));
  const project = { credentials: file, projectId: Buffer.from(file.projectId, 'hex') };
  return { service, identity, project, file };
}

/** A project of which nothing secret is left: from `--project` and pins, or from an old credentials file. @throws UsageError */
export function readLostProject(values: Values): LostProject {
  const hasFile = text(values, 'credentials') !== undefined;
  const file = hasFile && text(values, 'project') === undefined ? readCredentials(values) : null;
  const projectId = file?.projectId ?? required(values, 'project');
  if (!/^[0-9a-f]{64}$/.test(projectId)) throw new UsageError('--project is a project id of 64 hex digits.');
  return {
    baseUrl: checkUrl(text(values, 'url') ?? file?.baseUrl ?? required(values, 'url')),
    pins: readPins(values, file),
    projectId: Buffer.from(projectId, 'hex'),
  };
}
