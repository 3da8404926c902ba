import { prepareAndSendUserOperationBody } from '@strongroom/shared/api/smart-account-body';
import type { ParsedRequestOf } from '@strongroom/shared/operations/operation';
import type { prepareAndSendUserOperation } from '@strongroom/shared/operations/prepare-and-send-user-operation';
import type { ReadyService } from '../ready-service.ts';
import { readPrepareBody } from './complete-user-operation.ts';
import { parseBody } from './parse-body.ts';
import { type SentUserOperation, sendAsOwner } from './send-as-owner.ts';

/** The calls are those of the signed body. */
export function handlePrepareAndSendUserOperation(
  request: ParsedRequestOf<typeof prepareAndSendUserOperation>,
  service: ReadyService,
): Promise<SentUserOperation> {
  return sendAsOwner('prepare-and-send-user-operation', request, {
    service,
    read: (body) => {
      const parsed = parseBody(prepareAndSendUserOperationBody, body);
      return { intent: readPrepareBody(parsed), shownCalls: parsed.calls };
    },
  });
}
