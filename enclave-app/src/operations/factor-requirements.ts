import { setFactorRequirementsBody, setRecoveryCodesBody } from '@strongroom/shared/api/factor-body';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import type { setFactorRequirements } from '@strongroom/shared/operations/set-factor-requirements';
import type { setRecoveryCodes } from '@strongroom/shared/operations/set-recovery-codes';
import { authorizeAuthorityChange } from '../auth/authorize-authority-change.ts';
import { requireSecondFactor } from '../auth/second-factor.ts';
import type { ReadyService } from '../ready-service.ts';
import { type Factors, NO_FACTORS } from '../records/factors.ts';
import { NO_CONTENT, nextAuthority } from './authority-change.ts';
import { parseBody } from './parse-body.ts';

/** More requirements need the Wallet Secret alone; a requirement that goes needs a factor too. */
export async function handleSetFactorRequirements(
  { client, project: rows }: ParsedRequestOf<typeof setFactorRequirements>,
  service: ReadyService,
): Promise<ResponseOf<typeof setFactorRequirements>> {
  const request = await authorizeAuthorityChange('set-factor-requirements', { client, rows }, service);
  const { requiredFor } = parseBody(setFactorRequirementsBody, request.body);
  if (new Set(requiredFor).size !== requiredFor.length) throw invalid('A requirement is named twice.');
  const { project } = request;
  const current = project.authority.record.factors ?? NO_FACTORS;
  const isLooser = current.requiredFor.some((purpose) => !requiredFor.includes(purpose));
  const purposes = isLooser ? (['factor'] as const) : [];
  const demand = { purposes, isBesideSignature: true, writesRecord: true } as const;
  const used = requireSecondFactor({ client, project }, demand, service) ?? NO_FACTORS;
  const next = { ...used, requiredFor };
  assertStillServed(next);
  return { answer: NO_CONTENT, ...nextAuthority(request, { factors: next }, service) };
}

/** Replaces all recovery codes; the enclave never sees one before it is used. */
export async function handleSetRecoveryCodes(
  { client, project: rows }: ParsedRequestOf<typeof setRecoveryCodes>,
  service: ReadyService,
): Promise<ResponseOf<typeof setRecoveryCodes>> {
  const request = await authorizeAuthorityChange('set-recovery-codes', { client, rows }, service);
  const { digests } = parseBody(setRecoveryCodesBody, request.body);
  const recoveryCodes = digests.map((digest) => Buffer.from(digest, 'base64'));
  const isRight =
    recoveryCodes.every(({ length }) => length === 32) && new Set(digests).size === digests.length;
  if (!isRight) throw invalid('The digests of the recovery codes are invalid.');
  const next = { ...(request.factors ?? NO_FACTORS), recoveryCodes };
  return { answer: NO_CONTENT, ...nextAuthority(request, { factors: next }, service) };
}

/**
 * What is required must be possible: recovery codes run out, so there has to be a passkey or TOTP.
 * @throws OperationError INVALID_REQUEST
 */
export function assertStillServed({ requiredFor, passkeys, totp }: Factors): void {
  if (requiredFor.length > 0 && passkeys.length === 0 && totp === null)
    throw invalid(
      'What requires a second factor needs a passkey or TOTP in the project: recovery codes alone run out.',
    );
}

function invalid(clientMessage: string): OperationError {
  return new OperationError('INVALID_REQUEST', { clientMessage });
}
