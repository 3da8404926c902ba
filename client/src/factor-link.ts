// Between the command and the page on which a passkey is used: a link there, a text back.
import type { SecondFactor } from '@strongroom/shared/api/factor-body';
import { type FactorPageTask, parseFactorPageResult } from '@strongroom/shared/api/factor-page';
import { ClientError } from './client-error.ts';
import type { FactorQuestion } from './factor-call.ts';
import { parseRecoveryCode } from './recovery-codes.ts';
import type { EnrolmentQuestion, MadePasskey, PasskeyPlace } from './second-factors.ts';

const base64url = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');

/** The link on which a new passkey is made. */
export function enrolmentLink(
  { challenge, webauthnChallenge }: EnrolmentQuestion,
  { name, rpId, origins }: PasskeyPlace,
): string {
  return linkTo(origins[0] as string, {
    action: 'enrol',
    what: `Make the passkey "${name}" for project ${projectOf(challenge)}.`,
    rpId,
    ...commonPart(challenge, webauthnChallenge),
  });
}

/** The link on which a passkey confirms one operation; null when the project has none. */
export function confirmationLink({
  challenge,
  webauthnChallenge,
  method,
  path,
}: FactorQuestion): string | null {
  const { webauthn } = challenge;
  const [origin] = webauthn?.origins ?? [];
  if (webauthn === null || origin === undefined) return null;
  return linkTo(origin, {
    action: 'confirm',
    what: `Confirm ${method} ${path} of project ${projectOf(challenge)}.`,
    rpId: webauthn.rpId,
    ...commonPart(challenge, webauthnChallenge),
  });
}

function linkTo(origin: string, task: FactorPageTask): string {
  return `${origin}/factors#${Buffer.from(JSON.stringify(task)).toString('base64url')}`;
}

function commonPart(challenge: EnrolmentQuestion['challenge'], webauthnChallenge: Uint8Array) {
  return {
    webauthnChallenge: base64url(webauthnChallenge),
    challenge: base64url(challenge.challenge),
    userId: base64url(challenge.projectId),
    credentialIds: challenge.passkeys.map(({ credentialId }) => base64url(credentialId)),
  };
}

function projectOf({ projectId }: EnrolmentQuestion['challenge']): string {
  return Buffer.from(projectId).toString('hex').slice(0, 16);
}

/** Reads what the page shows after an enrolment. @throws ClientError SECOND_FACTOR_INVALID */
export function parseEnrolment(pasted: string): MadePasskey {
  const result = parseFactorPageResult(pasted.trim());
  if (result?.publicKey === undefined) throw invalid();
  return { publicKey: result.publicKey, assertion: result.assertion };
}

/** Reads six digits, a recovery code, or what the page shows after a confirmation. @throws ClientError SECOND_FACTOR_INVALID */
export function parseFactor(typed: string): SecondFactor {
  const text = typed.trim();
  if (/^[0-9]{3} ?[0-9]{3}$/.test(text)) return { kind: 'totp', code: text.replace(' ', '') };
  const code = parseRecoveryCode(text);
  if (code !== null) return { kind: 'recovery-code', code: base64url(code) };
  const result = parseFactorPageResult(text);
  if (result === null || result.publicKey !== undefined) throw invalid();
  return { kind: 'passkey', assertion: result.assertion };
}

function invalid(): ClientError {
  const message = 'This is neither a code of six digits, nor a recovery code, nor what the page shows.';
  return new ClientError('SECOND_FACTOR_INVALID', message);
}
