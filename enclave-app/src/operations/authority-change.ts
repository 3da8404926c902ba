import type { addApiKey } from '@strongroom/shared/operations/add-api-key';
import type { ResponseOf } from '@strongroom/shared/operations/operation';
import type { HttpAnswer } from '@strongroom/shared/wire/envelope';
import type { AuthorizedChange } from '../auth/authorize-authority-change.ts';
import type { ReadyService } from '../ready-service.ts';
import { type AuthorityRecord, projectViewOf } from '../records/authority-record.ts';
import { rememberToken } from '../records/recent-tokens.ts';

/** Writes the next version of a project's record, chained to the one that it replaces, with the token and the factor that asked for it. */
export function nextAuthority(
  { project, token, factors = project.authority.record.factors }: AuthorizedChange,
  change: Partial<AuthorityRecord>,
  { projects, clock }: ReadyService,
): Omit<ResponseOf<typeof addApiKey>, 'answer'> {
  const { record, digest } = project.authority;
  const next: AuthorityRecord = {
    ...record,
    factors,
    ...change,
    version: record.version + 1,
    previous: digest,
    recentTokens: rememberToken(record.recentTokens, token, clock.nowMs()),
  };
  return { authority: projects.sealAuthority(next), view: projectViewOf(next) };
}

/** 204, no body. */
export const NO_CONTENT: HttpAnswer = { status: 204, body: new Uint8Array(0) };
