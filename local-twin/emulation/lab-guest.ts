import type { Duplex } from 'node:stream';
import { type LabGuestOrder, type LabGuestReport, onMessages, sendMessage } from './lab-guest-messages.ts';

/** The guest of a laboratory, as its host orders it. */
export interface LabGuest {
  /** @throws Error with what the guest met, or when its connection ends */
  obey(order: LabGuestOrder): Promise<void>;
  /** Grows as the enclave that listens on a port meets internal errors. */
  internalErrorsOf(listenPort: number): unknown[];
}

/** Orders enclaves over a connection to the guest's order port. */
export function openLabGuest(stream: Duplex): LabGuest {
  const internalErrors = new Map<number, unknown[]>();
  const waiting = new Map<number, PromiseWithResolvers<void>>();
  let orders = 0;
  const internalErrorsOf = (listenPort: number) => {
    const known = internalErrors.get(listenPort) ?? [];
    internalErrors.set(listenPort, known);
    return known;
  };
  onMessages<LabGuestReport>(stream, (report) => {
    if (report.report === 'internal-error') {
      internalErrorsOf(report.listenPort).push(report.text);
      return;
    }
    const order = waiting.get(report.id);
    waiting.delete(report.id);
    if (report.error === null) order?.resolve();
    else order?.reject(new Error(report.error));
  });
  stream.on('error', () => undefined);
  stream.on('close', () => {
    for (const order of waiting.values()) order.reject(new Error('the guest is gone'));
    waiting.clear();
  });
  return {
    internalErrorsOf,
    obey(order) {
      const outcome = Promise.withResolvers<void>();
      const id = ++orders;
      waiting.set(id, outcome);
      sendMessage(stream, { ...order, id });
      return outcome.promise;
    },
  };
}
