import { projectSettingsBody } from '@strongroom/shared/api/project-settings-body';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import type { updateProjectSettings } from '@strongroom/shared/operations/update-project-settings';
import { authorizeAuthorityChange } from '../auth/authorize-authority-change.ts';
import type { ReadyService } from '../ready-service.ts';
import { NO_CONTENT, nextAuthority } from './authority-change.ts';
import { parseBody } from './parse-body.ts';

/**
 * Changes fee cap, export permission or authorities. Who may change policies is not among them: that is chosen at a project's birth.
 * The authority that this very request was made under stays, so that nobody locks himself out by a slip of the pen.
 */
export async function handleUpdateProjectSettings(
  { client, project: rows }: ParsedRequestOf<typeof updateProjectSettings>,
  service: ReadyService,
): Promise<ResponseOf<typeof updateProjectSettings>> {
  const request = await authorizeAuthorityChange('update-project-settings', { client, rows }, service);
  const { record } = request.project.authority;
  const {
    authorities = record.authorities,
    exportAllowed = record.exportAllowed,
    maxFeeWei = record.maxFeeWei,
  } = parseBody(projectSettingsBody, request.body);
  if (!authorities.includes(request.authority)) {
    throw new OperationError('INVALID_REQUEST', {
      clientMessage: 'The authorities must keep the one that this request was made under.',
    });
  }
  return {
    answer: NO_CONTENT,
    ...nextAuthority(request, { authorities, exportAllowed, maxFeeWei }, service),
  };
}
