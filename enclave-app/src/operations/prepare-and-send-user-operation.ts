import {
  PAYMASTER_MISSING,
  prepareAndSendUserOperationBody,
} from '@strongroom/shared/api/smart-account-body';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { ParsedRequestOf } from '@strongroom/shared/operations/operation';
import type { prepareAndSendUserOperation } from '@strongroom/shared/operations/prepare-and-send-user-operation';
import type { ReadyService } from '../ready-service.ts';
import { readCalls } from './complete-user-operation.ts';
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
      const { network, calls, paymasterUrl, paymasterContext } = parsed;
      const hasPaymaster = paymasterUrl !== undefined;
      if (paymasterContext !== undefined && !hasPaymaster)
        throw new OperationError('INVALID_REQUEST', { clientMessage: PAYMASTER_MISSING });
      const intent = { network, calls: readCalls(calls), dataSuffix: new Uint8Array(0), hasPaymaster };
      return { intent, shownCalls: calls };
    },
  });
}
