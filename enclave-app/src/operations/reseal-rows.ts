import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import type { resealRows } from '@strongroom/shared/operations/reseal-rows';
import type { ReadyService } from '../ready-service.ts';

/** Opens a project's rows and seals them under the root key that seals now. Rows of another project do not open here. */
export function handleResealRows(
  { project: rows, importKey, accounts: presented }: ParsedRequestOf<typeof resealRows>,
  { projects, accounts, importKeys }: ReadyService,
): ResponseOf<typeof resealRows> {
  const project = projects.open(rows);
  return {
    ...projects.reseal(rows),
    importKey: importKey === null ? null : importKeys.reseal(project, importKey),
    accounts: presented.map((account) => accounts.reseal(project, account)),
  };
}
