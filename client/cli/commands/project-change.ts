import { type ProjectSettings, updateProjectSettings } from '../../src/project-settings.ts';
import type { Command } from '../command.ts';
import { SERVICE_OPTIONS, text, type Values } from '../options.ts';
import { readOwner } from '../owner-options.ts';
import { UsageError } from '../usage-error.ts';

export const projectChange: Command = {
  name: 'project change',
  summary: 'change fee cap, export permission or authorities; the enclave proves what is in force',
  options: {
    ...SERVICE_OPTIONS,
    'max-fee-wei': { type: 'string' },
    export: { type: 'string' },
    authority: { type: 'string', multiple: true },
  },
  help: `strongroom project change --credentials FILE [--max-fee-wei WEI] [--export allow|forbid] [--authority HOST[:PORT]]... [--json]

  --max-fee-wei WEI          what one sent EVM transaction may cost in fees at most: gas limit times fee per gas
  --export allow|forbid      whether keys may leave, encrypted to a key of yours
  --authority HOST[:PORT]    as your programs dial the service; repeatable; the whole list, with the one that this command dials

What is left out stays. Who may change policies is chosen when a project is made, and stays.

Example:
  strongroom project change --credentials acme.json --max-fee-wei 20000000000000000 --export forbid`,

  async run(values) {
    const settings = settingsOf(values);
    if (Object.keys(settings).length === 0) throw new UsageError('Nothing to change.');
    const { owner } = readOwner(values);
    const { recordVersion, authorities, exportAllowed, maxFeeWei } = await updateProjectSettings(
      owner,
      settings,
    );
    const json = { recordVersion, authorities, exportAllowed, maxFeeWei };
    return {
      text: `Certified, record version ${recordVersion}: authorities ${authorities.join(', ')}; export ${exportAllowed ? 'allowed' : 'not allowed'}; at most ${maxFeeWei} wei in fees`,
      json,
    };
  },
};

function settingsOf(values: Values): ProjectSettings {
  const maxFeeWei = text(values, 'max-fee-wei');
  if (maxFeeWei !== undefined && !/^(?:0|[1-9][0-9]{0,77})$/.test(maxFeeWei))
    throw new UsageError('--max-fee-wei is a whole number.');
  const permission = text(values, 'export');
  if (permission !== undefined && permission !== 'allow' && permission !== 'forbid')
    throw new UsageError('--export is allow or forbid.');
  const { authority } = values;
  const authorities = Array.isArray(authority)
    ? authority.filter((host) => typeof host === 'string')
    : undefined;
  return {
    ...(maxFeeWei !== undefined && { maxFeeWei }),
    ...(permission !== undefined && { exportAllowed: permission === 'allow' }),
    ...(authorities !== undefined && { authorities }),
  };
}
