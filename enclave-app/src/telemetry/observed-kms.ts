import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { KmsCall } from '@strongroom/shared/operations/telemetry-fields';
import type { Kms } from '../kms/kms.ts';
import type { Telemetry } from './telemetry.ts';

type Observer = Pick<Telemetry, 'counters' | 'events'>;

/** The same KMS, with its calls counted and its failures reported: by the key's place in the configuration, never by its answer. */
export function observeKms(kms: Kms, configuredKeys: readonly string[], observer: Observer): Kms {
  async function observed<T>(call: KmsCall, keyArn: string, act: () => Promise<T>): Promise<T> {
    try {
      const answer = await act();
      observer.counters.kmsCalls.count(call, 'OK');
      return answer;
    } catch (error) {
      const code = error instanceof OperationError ? error.code : 'INTERNAL';
      observer.counters.kmsCalls.count(call, code);
      observer.events.report({
        event: 'kms-call-failed',
        call,
        keyIndex: configuredKeys.indexOf(keyArn),
        code,
      });
      throw error;
    }
  }
  return {
    generateDataKey: (keyArn, purpose) =>
      observed('GenerateDataKey', keyArn, () => kms.generateDataKey(keyArn, purpose)),
    decryptDataKey: (wrap, purpose) =>
      observed('Decrypt', wrap.keyArn, () => kms.decryptDataKey(wrap, purpose)),
    checkKey: (keyArn) => observed('CheckKey', keyArn, () => kms.checkKey(keyArn)),
  };
}
