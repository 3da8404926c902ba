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

/** Whoever sets the recovery key can put a Wallet Secret of his own in the place of all others, after the waiting period. */
const KEY_FOR_SECRETS: readonly FactorPurpose[] = ['recovery', 'wallet-secret'];

/**
 * What each gated operation needs a factor for: the first requirement that names one of its purposes. Every change of a policy counts as loosening, its creation too: a project policy's accept
 * overrules an account's reject. Changes of requirements are gated where it is known whether they loosen.
 */
export const GATED_OPERATIONS: Partial<Readonly<Record<OperationName, readonly FactorPurpose[]>>> = {
  'add-wallet-secret': ['wallet-secret'],
  'revoke-wallet-secret': ['wallet-secret'],
  'set-recovery-key': KEY_FOR_SECRETS,
  'remove-recovery-key': KEY_FOR_SECRETS,
  'complete-recovery': ['recovery'],
  'export-evm-account': ['export'],
  'export-solana-account': ['export'],
  'create-policy': ['policy'],
  'update-policy': ['policy'],
  'delete-policy': ['policy'],
  'update-evm-account': ['policy'],
  'update-solana-account': ['policy'],
  'update-project-settings': ['policy'],
  'add-passkey': ['factor'],
  'remove-passkey': ['factor'],
  'add-totp': ['factor'],
  'remove-totp': ['factor'],
  'set-recovery-codes': ['factor'],
};

export interface FactorDemand {
  readonly purposes: readonly FactorPurpose[] | undefined;
  /** Whether a Wallet Secret or the recovery key signed the request: codes of any kind count only beside one. */
  readonly isBesideSignature: boolean;
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
  if (factors === null || !isRequired(factors, demand.purposes)) return factors;
  const untrusted = request.client.secondFactor ?? null;
  if (untrusted === null) throw new OperationError('SECOND_FACTOR_REQUIRED');
  const given = parseSecondFactor(untrusted);
  if (given.kind === 'passkey') return usePasskey(factors, given.assertion, request, service);
  if (!demand.isBesideSignature) throw factorRefused();
  const { projectId } = request.project;
  if (given.kind === 'totp') return useTotp(factors, given.code, projectId, service);
  return useRecoveryCode(factors, given.code, { projectId, ...demand }, service);
}

/** Any requirement brings that for the factors themselves: whoever could add his own would meet it. */
export function isRequired(
  { requiredFor }: Pick<Factors, 'requiredFor'>,
  purposes: readonly FactorPurpose[] = [],
): boolean {
  return purposes.some((purpose) =>
    purpose === 'factor' ? requiredFor.length > 0 : requiredFor.includes(purpose),
  );
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

/**
 * A code is good once: by the record, and by this enclave's memory when the record is an older one. Six digits can be guessed, so after
 * too many wrong ones the right one is refused too.
 */
function useTotp(factors: Factors, code: string, projectId: Uint8Array, service: ReadyService): Factors {
  const { totpSteps, clock, factorAttempts } = service;
  const nowMs = clock.nowMs();
  factorAttempts.admit(projectId, nowMs);
  const { totp } = factors;
  const step = totp === null ? null : matchTotpStep(totp.secret, code, nowMs);
  if (totp === null || step === null || step <= Math.max(totp.lastStep, totpSteps.lastOf(projectId)))
    throw wrongCode(projectId, service);
  totpSteps.use(projectId, step, nowMs);
  return { ...factors, totp: { ...totp, lastStep: step } };
}

/**
 * A right one always counts: nobody guesses 128 random bits, and a limit would let a thief of the Wallet Secret keep out the owner who has
 * nothing else left. Wrong ones are counted.
 */
function useRecoveryCode(
  factors: Factors,
  code: string,
  { projectId, writesRecord }: Pick<FactorDemand, 'writesRecord'> & Pick<OpenedProject, 'projectId'>,
  service: ReadyService,
): Factors {
  if (!writesRecord) throw factorRefused();
  const digest = recoveryCodeDigest(projectId, decodeFactorField(code));
  const remaining = factors.recoveryCodes.filter((known) => !timingSafeEqual(known, digest));
  if (remaining.length === factors.recoveryCodes.length) throw wrongCode(projectId, service);
  return { ...factors, recoveryCodes: remaining };
}

/** Counted in the same turn of the event loop, so that guesses in parallel count as well. @throws OperationError RATE_LIMITED */
function wrongCode(projectId: Uint8Array, { factorAttempts, clock }: ReadyService): OperationError {
  const nowMs = clock.nowMs();
  factorAttempts.admit(projectId, nowMs);
  factorAttempts.noteFailure(projectId, nowMs);
  return factorRefused();
}

/** SHA-256("strongroom/recovery-code/v1" || project id(32) || code): enough for 128 random bits. */
function recoveryCodeDigest(projectId: Uint8Array, code: Uint8Array): Uint8Array {
  return hash(
    'sha256',
    Buffer.concat([Buffer.from('strongroom/recovery-code/v1'), projectId, code]),
    'buffer',
  );
}
