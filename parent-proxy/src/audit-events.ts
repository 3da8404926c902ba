import type { EnclaveEvent } from '@strongroom/shared/operations/enclave-event';
import type { Logger } from 'pino';
import type { RecoveryEvent } from './store/recovery-notice-store.ts';

/** Who asked, by what. Ids only: no body, token, name or key. */
export interface Actor {
  readonly correlationId: string;
  readonly projectId: Uint8Array;
  readonly apiKeyId: string;
}

/** Every event of the business that the proxy reports, one function each; what a log line may hold is decided here alone. */
export type AuditLog = ReturnType<typeof createAuditLog>;

export function createAuditLog(log: Logger) {
  const actorFields = ({ correlationId, projectId, apiKeyId }: Actor) => ({
    correlationId,
    projectId: hexOf(projectId),
    apiKeyId,
  });
  return {
    serviceStarted: (port: number) => log.info({ event: 'service-started', port }),
    serviceStopped: () => log.info({ event: 'service-stopped' }),
    enclavePhaseChanged: (phase: string | null, reason: string | null) =>
      log[phase === 'failed' ? 'error' : phase === null ? 'warn' : 'info']({
        event: 'enclave-phase-changed',
        phase,
        reason,
      }),
    enclaveRestarted: () => log.warn({ event: 'enclave-restarted' }),
    /** One event of the enclave; `sequence` and boot id make it the same one wherever it is read again. */
    enclaveEvent: (bootId: Uint8Array, { event, ...fields }: EnclaveEvent) =>
      log[ALARMING.has(event) ? 'warn' : 'info']({
        event: 'enclave-reported',
        reported: event,
        bootId: hexOf(bootId),
        ...fields,
        ...('projectId' in fields && {
          projectId: fields.projectId === null ? null : hexOf(fields.projectId),
        }),
      }),
    enclaveEventsDropped: (dropped: number) => log.warn({ event: 'enclave-events-dropped', dropped }),
    enclaveNotRead: (code: string) => log.warn({ event: 'enclave-not-read', code }),
    enclaveNotSupplied: (code: string) => log.warn({ event: 'enclave-not-supplied', code }),
    genesisRun: () => log.warn({ event: 'genesis-run' }),
    projectCreated: (projectId: Uint8Array, correlationId: string) =>
      log.info({
        event: 'project-created',
        correlationId,
        projectId: hexOf(projectId),
      }),
    /** @param receipt of an import, signed by the enclave */
    accountCreated: (actor: Actor, address: string, receipt: Uint8Array | null) =>
      log.info({
        event: 'account-created',
        ...actorFields(actor),
        address,
        receipt: receipt && base64Of(receipt),
      }),
    accountUpdated: (actor: Actor, address: string, version: number) =>
      log.info({ event: 'account-updated', ...actorFields(actor), address, version }),
    /** @param receipt signed by the enclave; null from one of an earlier release */
    accountExported: (actor: Actor, address: string, receipt: Uint8Array | null) =>
      log.warn({
        event: 'account-exported',
        ...actorFields(actor),
        address,
        receipt: receipt && base64Of(receipt),
      }),
    authorityChanged: (actor: Actor, change: string, version: number) =>
      log.info({ event: 'authority-changed', ...actorFields(actor), change, version }),
    recovery: ({ event, projectId, recoveryId, completableAt }: RecoveryEvent) =>
      log.warn({ event, projectId, recoveryId, completableAt }),
    /** The webhook did not take it. */
    recoveryNotToldOf: (projectId: string, recoveryId: string, outcome: 'will-retry' | 'gave-up') =>
      log.error({ event: 'recovery-webhook-failed', projectId, recoveryId, outcome }),
    recoveryNoticesUnread: (code: string) => log.error({ event: 'recovery-notices-unread', code }),
    signed: (actor: Actor, operation: string, address: string) =>
      log.info({ event: 'signed', ...actorFields(actor), operation, address }),
    sent: (actor: Actor, network: string, transactionId: string) =>
      log.info({ event: 'transaction-sent', ...actorFields(actor), network, transactionId }),
    userOperationSent: (actor: Actor, network: string, userOpHash: string) =>
      log.info({ event: 'user-operation-sent', ...actorFields(actor), network, userOpHash }),
    /** What became of a signed transaction. */
    outboxMoved: (network: string, transactionId: string, state: string, refusal: string | null) =>
      log.info({ event: 'outbox-moved', network, transactionId, state, refusal }),
    outboxFailed: (code: string) => log.warn({ event: 'outbox-failed', code }),
    requestRefused: (correlationId: string, code: string, reason: string | undefined) =>
      log.info({ event: 'request-refused', correlationId, code, reason }),
    requestFailed: (correlationId: string, code: string, reason: string | undefined) =>
      log.error({ event: 'request-failed', correlationId, code, reason }),
    /** A defect. The message of the error may hold input, so only its place in the code is logged. */
    internalError: (correlationId: string, error: unknown) =>
      log.error({ event: 'internal-error', correlationId, at: framesOf(error) }),
    orphansRemoved: (removed: number) => log.info({ event: 'orphaned-wallet-keys-removed', removed }),
    orphansSuspicious: () => log.error({ event: 'orphaned-wallet-keys-suspicious' }),
    /** Counters of rate limits, or times of last use: requests go on without. */
    batchNotWritten: (batch: string, code: string) => log.warn({ event: 'batch-not-written', batch, code }),
    housekeepingFailed: (code: string) => log.warn({ event: 'housekeeping-failed', code }),
  };
}

/** Reports of the enclave that an operator should look at. */
const ALARMING: ReadonlySet<EnclaveEvent['event']> = new Set<EnclaveEvent['event']>([
  'kms-call-failed',
  'recheck-failed',
  'request-not-trusted',
  'internal-error',
]);

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

function framesOf(error: unknown): string[] {
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  const frames = stack.split('\n').filter((line) => line.startsWith('    at '));
  return frames.map((line) => line.trim()).slice(0, 8);
}
