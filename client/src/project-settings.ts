import type { ProjectCertificate } from '@strongroom/attestation/project-certificate';
import { ClientError } from './client-error.ts';
import { type Owner, openOwnerSession } from './owner.ts';

/** What of a project its Wallet Secret can change; what is left out stays. */
export interface ProjectSettings {
  /** `host[:port]`; has to keep the one that this client dials. */
  readonly authorities?: readonly string[];
  readonly exportAllowed?: boolean;
  /** What one sent EVM transaction may cost in fees at most, in the network's smallest unit; decimal. */
  readonly maxFeeWei?: string;
}

/**
 * Changes the project's settings.
 * @returns what the enclave certifies afterwards: the changes, and otherwise what it certified before
 * @throws AttestationError, ClientError PROJECT_MISMATCH
 */
export async function updateProjectSettings(
  owner: Owner,
  settings: ProjectSettings,
): Promise<ProjectCertificate> {
  const session = await openOwnerSession(owner);
  const before = await session.certificate();
  await session.change('PUT', '/v2/enclave/project-settings', settings);
  const after = await session.certificate();
  const spelled = ({ authorities, exportAllowed, maxFeeWei }: ProjectCertificate) =>
    JSON.stringify({ authorities, exportAllowed, maxFeeWei });
  if (after.recordVersion <= before.recordVersion || spelled(after) !== spelled({ ...before, ...settings }))
    throw new ClientError('PROJECT_MISMATCH', 'The enclave certifies other settings than were asked for.');
  return after;
}
