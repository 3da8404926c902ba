import { addTotpBody } from '@strongroom/shared/api/factor-body';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { addTotp } from '@strongroom/shared/operations/add-totp';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import type { removeTotp } from '@strongroom/shared/operations/remove-totp';
import { authorizeAuthorityChange } from '../auth/authorize-authority-change.ts';
import { matchTotpStep } from '../auth/totp.ts';
import type { ReadyService } from '../ready-service.ts';
import { NO_FACTORS } from '../records/factors.ts';
import type { OpenedProject } from '../records/projects.ts';
import { NO_CONTENT, nextAuthority } from './authority-change.ts';
import { assertStillServed } from './factor-requirements.ts';
import { parseBody } from './parse-body.ts';

const SECRET_BYTES = 20;
/** Followed by the project's id: the label of the RSA-OAEP padding. */
const LABEL = Buffer.from('strongroom/totp-secret/v1');

/** Takes a TOTP secret that its owner made and the parent cannot read, once a code shows that his authenticator has it. */
export async function handleAddTotp(
  { client, project: rows, importKey }: ParsedRequestOf<typeof addTotp>,
  service: ReadyService,
): Promise<ResponseOf<typeof addTotp>> {
  const request = await authorizeAuthorityChange('add-totp', { client, rows }, service);
  const { encryptedSecret, code } = parseBody(addTotpBody, request.body);
  const factors = request.factors ?? NO_FACTORS;
  if (factors.totp !== null)
    throw new OperationError('ALREADY_EXISTS', { clientMessage: 'The project has a TOTP secret.' });
  const { project } = request;
  const secret = decryptSecret(project, { importKey, encryptedSecret }, service);
  const nowMs = service.clock.nowMs();
  const step = matchTotpStep(secret, code, nowMs);
  // Only whoever chose the secret knows the code, so there is nothing to guess.
  if (step === null) throw new OperationError('SECOND_FACTOR_REFUSED');
  service.totpSteps.use(project.projectId, step, nowMs);
  const next = { ...factors, totp: { secret, lastStep: step } };
  return { answer: NO_CONTENT, ...nextAuthority(request, { factors: next }, service) };
}

export async function handleRemoveTotp(
  { client, project: rows }: ParsedRequestOf<typeof removeTotp>,
  service: ReadyService,
): Promise<ResponseOf<typeof removeTotp>> {
  const request = await authorizeAuthorityChange('remove-totp', { client, rows }, service);
  const factors = request.factors ?? NO_FACTORS;
  if (factors.totp === null)
    throw new OperationError('NOT_FOUND', { clientMessage: 'The project has no TOTP secret.' });
  const next = { ...factors, totp: null };
  assertStillServed(next);
  return { answer: NO_CONTENT, ...nextAuthority(request, { factors: next }, service) };
}

function decryptSecret(
  project: OpenedProject,
  { importKey, encryptedSecret }: { readonly importKey: Uint8Array; readonly encryptedSecret: string },
  { importKeys }: ReadyService,
): Uint8Array {
  const ciphertext = Buffer.from(encryptedSecret, 'base64');
  const label = Buffer.concat([LABEL, project.projectId]);
  const secret = importKeys.decrypt(project, importKey, { ciphertext, label });
  if (secret.length !== SECRET_BYTES)
    throw new OperationError('INVALID_REQUEST', { clientMessage: 'The TOTP secret does not have 20 bytes.' });
  return Uint8Array.from(secret);
}
