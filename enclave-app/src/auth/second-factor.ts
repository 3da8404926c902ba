// TRUST BOUNDARY: second factors, from whoever has a Wallet Secret, through the parent.
import { hash, timingSafeEqual } from 'node:crypto';
import {
  type FactorPurpose,
  type PasskeyAssertion,
  type SecondFactor,
  secondFactor,
} from '@strongroom/shared/api/factor-body';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { toJsonValue } from '@strongroom/shared/json/json-value';
import { parseJson } from '@strongroom/shared/json/parse-json';
import type { ClientRequest } from '@strongroom/shared/operations/fields';
import type { OperationName } from '@strongroom/shared/operations/registry';
import * as v from 'valibot';
import type { ReadyService } from '../ready-service.ts';
import type { Factors } from '../records/factors.ts';
import type { OpenedProject } from '../records/projects.ts';
import { operationChallenge } from './factor-challenge.ts';
import { matchTotpStep } from './totp.ts';
import { decodeFactorField, factorRefused, verifyAssertion } from './webauthn.ts';

/**
 * What each gated operation needs a factor for. Every change of a policy counts as loosening, its creation too: a project policy's accept
 * overrules an account's reject. Changes of requirements are gated where it is known whether they loosen.
 */
export const GATED_OPERATIONS: Partial<Readonly<Record<OperationName, FactorPurpose>>> = {
  'add-wallet-secret': 'wallet-secret',
  'revoke-wallet-secret': 'wallet-secret',
  'set-recovery-key': 'recovery',
  'remove-recovery-key': 'recovery',
  'complete-recovery': 'recovery',
  'export-evm-account': 'export',
  'export-solana-account': 'export',
  'create-policy': 'policy',
  'update-policy': 'policy',
  'delete-policy': 'policy',
  'update-evm-account': 'policy',
  'update-solana-account': 'policy',
  'update-project-settings': 'policy',
  'add-passkey': 'factor',
  'remove-passkey': 'factor',
  'add-totp': 'factor',
  'remove-totp': 'factor',
  'set-recovery-codes': 'factor',
};

export interface FactorDemand {
  readonly purpose: FactorPurpose | undefined;
  /** Whether a Wallet Secret signed the request: codes of any kind count only beside one. */
  readonly isBesideWalletSecret: boolean;
  /** Whether the operation writes the project's record, in which a recovery code is crossed out. */
  readonly writesRecord: boolean;
}

interface Request {
  readonly client: ClientRequest;
  readonly project: OpenedProject;
}

/**
 * Demands a second factor where the project requires one, and spends it. Call it in the turn of the event loop in which its result is used.
 * @returns the project's factors after that use, for the record's next version
 * @throws OperationError SECOND_FACTOR_REQUIRED, SECOND_FACTOR_REFUSED, RATE_LIMITED
 */
export function requireSecondFactor(
  request: Request,
  demand: FactorDemand,
  service: ReadyService,
): Factors | null {
  const { factors } = request.project.authority.record;
  if (factors === null || !isRequired(factors, demand.purpose)) return factors;
  const untrusted = request.client.secondFactor ?? null;
  if (untrusted === null) throw new OperationError('SECOND_FACTOR_REQUIRED');
  const given = parseSecondFactor(untrusted);
  if (given.kind === 'passkey') return usePasskey(factors, given.assertion, request, service);
  if (!demand.isBesideWalletSecret) throw factorRefused();
  return limited(request.project.projectId, service, () =>
    given.kind === 'totp'
      ? useTotp(factors, given.code, request.project.projectId, service)
      : useRecoveryCode(factors, given.code, request.project.projectId, demand),
  );
}

/** Any requirement brings that for the factors themselves: whoever could add his own would meet it. */
function isRequired({ requiredFor }: Factors, purpose: FactorPurpose | undefined): boolean {
  if (purpose === undefined) return false;
  return purpose === 'factor' ? requiredFor.length > 0 : requiredFor.includes(purpose);
}

function parseSecondFactor(untrusted: string): SecondFactor {
  try {
    const parsed = v.safeParse(secondFactor, toJsonValue(parseJson(decodeFactorField(untrusted))));
    if (parsed.success) return parsed.output;
  } catch (cause) {
    throw factorRefused(cause);
  }
  throw factorRefused();
}

function usePasskey(
  factors: Factors,
  assertion: PasskeyAssertion,
  { client, project }: Request,
  service: ReadyService,
): Factors {
  const { webauthn, passkeys } = factors;
  const credentialId = decodeFactorField(assertion.credentialId);
  const passkey = passkeys.find((known) => credentialId.equals(known.credentialId));
  if (webauthn === null || passkey === undefined) throw factorRefused();
  const given = decodeFactorField(assertion.challenge);
  const challenge = operationChallenge({ project, challenge: given }, client, service);
  const signCount = verifyAssertion(assertion, { challenge, webauthn, passkey });
  spendChallenge(given, project, service);
  return {
    ...factors,
    passkeys: passkeys.map((known) => (known === passkey ? { ...known, signCount } : known)),
  };
}

/**
 * Spends a challenge of this enclave, of the record as it is now. Only what a passkey has signed comes so far, so nobody else can fill the table.
 * @throws OperationError SECOND_FACTOR_REFUSED, REPLAY_TABLE_FULL
 */
export function spendChallenge(
  challenge: Uint8Array,
  { projectId, authority }: OpenedProject,
  { factorChallenges, replayWindow, clock }: ReadyService,
): void {
  const expiresAtMs = factorChallenges.verify(
    challenge,
    { projectId, digest: authority.digest },
    clock.nowMs(),
  );
  try {
    replayWindow.reserve(projectId, hash('sha256', challenge, 'buffer').subarray(0, 16), expiresAtMs);
  } catch (error) {
    const isSpent = error instanceof OperationError && error.code === 'WALLET_TOKEN_REPLAYED';
    throw isSpent ? factorRefused(error) : error;
  }
}

/** Counts what is refused before anything else happens, so that guesses in parallel count as well. */
function limited(
  projectId: Uint8Array,
  { factorAttempts, clock }: ReadyService,
  use: () => Factors | null,
): Factors {
  const nowMs = clock.nowMs();
  factorAttempts.admit(projectId, nowMs);
  const used = use();
  if (used !== null) return used;
  factorAttempts.noteFailure(projectId, nowMs);
  throw factorRefused();
}

/** A code is good once: by the record, and by this enclave's memory when the record is an older one. */
function useTotp(
  factors: Factors,
  code: string,
  projectId: Uint8Array,
  { totpSteps, clock }: ReadyService,
): Factors | null {
  const { totp } = factors;
  if (totp === null) return null;
  const nowMs = clock.nowMs();
  const step = matchTotpStep(totp.secret, code, nowMs);
  if (step === null || step <= Math.max(totp.lastStep, totpSteps.lastOf(projectId))) return null;
  totpSteps.use(projectId, step, nowMs);
  return { ...factors, totp: { ...totp, lastStep: step } };
}

function useRecoveryCode(
  factors: Factors,
  code: string,
  projectId: Uint8Array,
  { writesRecord }: FactorDemand,
): Factors | null {
  if (!writesRecord) throw factorRefused();
  const digest = recoveryCodeDigest(projectId, decodeFactorField(code));
  const remaining = factors.recoveryCodes.filter((known) => !timingSafeEqual(known, digest));
  return remaining.length === factors.recoveryCodes.length ? null : { ...factors, recoveryCodes: remaining };
}

/** SHA-256("strongroom/recovery-code/v1" || project id(32) || code): enough for 128 random bits. */
function recoveryCodeDigest(projectId: Uint8Array, code: Uint8Array): Uint8Array {
  return hash(
    'sha256',
    Buffer.concat([Buffer.from('strongroom/recovery-code/v1'), projectId, code]),
    'buffer',
  );
}
