import { type ProjectSettings, updateProjectSettings } from '@strongroom/client/project-settings';
import type { Command } from '../framework/command.ts';
import { UsageError } from '../framework/usage-error.ts';
import { list, text, type Values } from '../framework/values.ts';
import { readOwner } from '../input/owner.ts';
import { SERVICE_OPTIONS } from '../input/service-options.ts';

export const projectSettings: Command = {
  name: 'project settings',
  role: 'owner',
  summary: 'change fee cap, export permission or authorities of the project',
  description:
    'What is left out stays; the enclave proves what is in force afterwards. Who may change policies is chosen when a project is made, and stays.',
  options: {
    ...SERVICE_OPTIONS,
    'max-fee-wei': {
      type: 'text',
      placeholder: 'WEI',
      summary: 'what one sent EVM transaction may cost in fees at most: gas limit times fee per gas',
    },
    export: {
      type: 'text',
      placeholder: 'PERMISSION',
      choices: ['allow', 'forbid'],
      summary: 'whether keys may leave, encrypted to a key of yours',
    },
    authority: {
      type: 'text',
      placeholder: 'HOST[:PORT]',
      isRepeatable: true,
      summary: 'as your programs dial the service: the whole list, with the one that this command dials',
    },
  },
  examples: [
    'strongroom project settings --credentials acme.json --max-fee-wei 20000000000000000 --export forbid',
  ],
  json: '{ recordVersion, authorities, exportAllowed, maxFeeWei }',

  async run({ values }) {
    const settings = settingsOf(values);
    if (Object.keys(settings).length === 0)
      throw new UsageError('Nothing to change. `strongroom project show` shows what is in force.');
    const { owner } = readOwner(values);
    const certified = await updateProjectSettings(owner, settings);
    const { recordVersion, authorities, exportAllowed, maxFeeWei } = certified;
    return {
      text: `Certified, record version ${recordVersion}: authorities ${authorities.join(', ')}; export ${exportAllowed ? 'allowed' : 'not allowed'}; at most ${maxFeeWei} wei in fees`,
      json: { recordVersion, authorities, exportAllowed, maxFeeWei },
    };
  },
};

function settingsOf(values: Values): ProjectSettings {
  const maxFeeWei = text(values, 'max-fee-wei');
  if (maxFeeWei !== undefined && !/^(?:0|[1-9][0-9]{0,77})$/.test(maxFeeWei))
    throw new UsageError('--max-fee-wei is a whole number.');
  const permission = text(values, 'export');
  const authorities = list(values, 'authority');
  return {
    ...(maxFeeWei !== undefined && { maxFeeWei }),
    ...(permission !== undefined && { exportAllowed: permission === 'allow' }),
    ...(authorities !== undefined && { authorities }),
  };
}
