import { ClientError } from '@strongroom/client/client-error';
import type { SecondFactorSource } from '@strongroom/client/factor-call';
import { confirmationLink, enrolmentLink, parseEnrolment, parseFactor } from '@strongroom/client/factor-link';
import type { EnrolmentQuestion, MadePasskey, PasskeyPlace } from '@strongroom/client/second-factors';
import type { Options } from '../framework/command.ts';
import { askLine } from '../framework/terminal.ts';
import { readNamedFile, text, type Values } from '../framework/values.ts';

export const SECOND_FACTOR_OPTION = {
  'second-factor-file': {
    type: 'file',
    summary: 'a code of your authenticator, or a recovery code; left out, it is asked for when one is needed',
  },
} as const satisfies Options;

/** The factor of `--second-factor-file`, read only when an operation needs one, or what is asked for. */
export function secondFactorOf(values: Values): SecondFactorSource {
  const path = text(values, 'second-factor-file');
  return path === undefined ? askSecondFactor : async () => parseFactor(readNamedFile(path));
}

/** Asks for the second factor that an operation needs: a code, or what the page shows once the passkey was used. */
export const askSecondFactor: SecondFactorSource = async (question) => {
  const link = confirmationLink(question);
  const { hasTotp, recoveryCodes } = question.challenge;
  const codes = [
    ...(hasTotp ? ['a code of your authenticator'] : []),
    ...(recoveryCodes > 0 ? ['a recovery code'] : []),
  ];
  const ways = [
    link === null ? null : `Use your passkey at this address and paste what the page shows:\n\n  ${link}\n`,
    codes.length > 0 ? `${link === null ? 'Type' : 'Or type'} ${codes.join(' or ')}.` : null,
  ];
  return parseFactor(
    await askLine(`The project requires a second factor.\n${ways.filter((way) => way !== null).join('\n')}`),
  );
};

/** Has a passkey made in the owner's browser. @throws ClientError SECOND_FACTOR_INVALID */
export async function askNewPasskey(question: EnrolmentQuestion, place: PasskeyPlace): Promise<MadePasskey> {
  const link = enrolmentLink(question, place);
  return parseEnrolment(
    await askLine(`Make the passkey at this address and paste what the page shows:\n\n  ${link}\n`),
  );
}

/** Asks for the six digits that an authenticator shows. @throws ClientError SECOND_FACTOR_INVALID */
export async function askCode(question: string): Promise<string> {
  const factor = parseFactor(await askLine(question));
  if (factor.kind === 'totp') return factor.code;
  throw new ClientError('SECOND_FACTOR_INVALID', 'A code of an authenticator has six digits.');
}
