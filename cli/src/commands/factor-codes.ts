import { makeRecoveryCodes } from '@strongroom/client/recovery-codes';
import { addTotp, requireFactorsFor, setRecoveryCodes } from '@strongroom/client/second-factors';
import { base32Of, makeTotpSecret, totpUri } from '@strongroom/client/totp-secret';
import type { Command } from '../framework/command.ts';
import { UsageError } from '../framework/usage-error.ts';
import { flag, list, newFilePath } from '../framework/values.ts';
import { writeSecretFile } from '../input/credentials-file.ts';
import { readOwner } from '../input/owner.ts';
import { askCode } from '../input/second-factor.ts';
import { SERVICE_OPTIONS } from '../input/service-options.ts';
import { FACTORS_SHAPE, shown } from './factor.ts';

const PURPOSES = ['wallet-secret', 'recovery', 'export', 'policy', 'factor'] as const;
const CODES = 10;

export const factorAddTotp: Command = {
  name: 'factor add-totp',
  role: 'owner',
  summary: 'make a TOTP secret for an authenticator app and add it to the factors of the project',
  description: `The secret is made here, shown once, and reaches the enclave encrypted. Its codes count only beside the Wallet Secret.`,
  options: SERVICE_OPTIONS,
  examples: ['strongroom factor add-totp --credentials acme.json'],
  json: FACTORS_SHAPE,

  async run({ values }) {
    const { owner } = readOwner(values);
    const secret = makeTotpSecret();
    const question = `Give this to your authenticator app, then type the code that it shows:\n\n  ${base32Of(secret)}\n  ${totpUri(secret, owner.projectId)}\n`;
    return shown(await addTotp(owner, secret, () => askCode(question)));
  },
};

export const factorRecoveryCodes: Command = {
  name: 'factor recovery-codes',
  role: 'owner',
  summary: 'make ten recovery codes, each good once in the place of another factor',
  description:
    'Earlier codes end. The enclave keeps digests; the codes are in the new file and nowhere else.',
  options: {
    ...SERVICE_OPTIONS,
    out: {
      type: 'file',
      isRequired: true,
      summary: 'new file for the codes, written before anything is sent, mode 0600',
    },
  },
  examples: ['strongroom factor recovery-codes --credentials acme.json --out acme-codes.txt'],
  json: FACTORS_SHAPE,

  async run({ values }) {
    const { owner } = readOwner(values);
    const codes = makeRecoveryCodes(CODES);
    writeSecretFile(newFilePath(values), `${codes.map((code) => code.shown).join('\n')}\n`);
    return shown(await setRecoveryCodes(owner, codes));
  },
};

export const factorRequire: Command = {
  name: 'factor require',
  role: 'owner',
  summary: 'set what the project requires a second factor for',
  description: `The whole list: what is left out is not required any more, and that needs a factor. Any requirement brings that for
changes of the factors themselves. Keep recovery codes: without any factor nothing lifts a requirement.`,
  options: {
    ...SERVICE_OPTIONS,
    for: {
      type: 'text',
      placeholder: 'OPERATIONS',
      isRepeatable: true,
      choices: PURPOSES,
      summary: 'Wallet Secrets; recovery key and completion; export; policies and settings; factors',
    },
    nothing: { type: 'flag', summary: 'require none' },
  },
  examples: [
    'strongroom factor require --for wallet-secret --for recovery --for export --for policy --credentials acme.json',
    'strongroom factor require --nothing --credentials acme.json',
  ],
  json: FACTORS_SHAPE,

  async run({ values }) {
    const asked = list(values, 'for') ?? [];
    if (asked.length > 0 === flag(values, 'nothing')) throw new UsageError('Say either --for or --nothing.');
    const { owner } = readOwner(values);
    return shown(
      await requireFactorsFor(
        owner,
        PURPOSES.filter((purpose) => asked.includes(purpose)),
      ),
    );
  },
};
