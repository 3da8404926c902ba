import type { OutboxEvent } from '@strongroom/chain-relay/outbox';
import { createRelay } from '@strongroom/chain-relay/relay';
import type { Dialer } from '@strongroom/shared/transport/connection';
import type { AuditLog } from './audit-events.ts';
import { createAuthenticate } from './auth/api-key.ts';
import { createClientAddressOf } from './auth/client-address.ts';
import { createAdmitEnrolment } from './auth/enrolment.ts';
import { startKeyUse } from './auth/key-use.ts';
import { startRateLimiter } from './auth/rate-limiter.ts';
import { createRecoveryLimiter, DEFAULT_RECOVERY_RATE_LIMIT } from './auth/recovery-limiter.ts';
import type { ProxyConfig } from './config.ts';
import type { CredentialSource } from './enclave/credentials.ts';
import { connectEnclave, type Enclave } from './enclave/enclave.ts';
import type { Services } from './http/services.ts';
import { createTurns } from './http/turns.ts';
import { addBacklogMetrics, addLazyResealMetrics } from './metrics/backlog-metrics.ts';
import type { Metrics } from './metrics/metrics.ts';
import { startRecoveryNotifier } from './recovery-notifier.ts';
import { startLazyReseal } from './rotation/lazy-reseal.ts';

interface Surroundings {
  readonly config: ProxyConfig;
  readonly dialer: Dialer;
  readonly credentials: CredentialSource;
  /** `host:port` as clients dial the service. */
  readonly authorities: readonly string[];
}

interface Basis extends Pick<Services, 'store' | 'audit' | 'nowMs'> {
  readonly metrics: Metrics;
}

interface RunningServices {
  readonly services: Services & { readonly enclave: Enclave };
  /** Once no request is in work any more. */
  stop(): Promise<void>;
}

/** Starts what the routes are given. */
export function startServices(
  { config, dialer, credentials, authorities }: Surroundings,
  basis: Basis,
): RunningServices {
  const { store, audit, metrics, nowMs } = basis;
  const enclave = connectEnclave({ dialer, credentials, ...basis });
  addBacklogMetrics(metrics.registry, { store, enclave });
  const rateLimiter = startRateLimiter({ limits: config.rateLimits, store, audit, nowMs });
  const keyUse = startKeyUse({ store, audit, nowMs });
  const relay = createRelay({ config: config.relay, store, nowMs, onEvent: outboxEvents(audit) });
  const lazyReseal = startLazyReseal({
    call: enclave.call,
    store,
    generation: () => enclave.status?.generation ?? null,
  });
  addLazyResealMetrics(metrics.registry, lazyReseal);
  const recoveryNotifier = startRecoveryNotifier({ webhook: config.recoveryWebhook ?? null, ...basis });
  return {
    services: {
      ...basis,
      relay,
      enclave,
      authenticate: createAuthenticate({ store, authorities, nowMs }),
      clientAddressOf: createClientAddressOf(config.trustedProxies),
      rateLimiter,
      keyUse,
      turns: createTurns(() => metrics.queueRefused('turns')),
      lazyReseal,
      recoveryLimiter: createRecoveryLimiter(config.recoveryRateLimit ?? DEFAULT_RECOVERY_RATE_LIMIT, nowMs),
      recoveryNotifier,
      admitEnrolment: createAdmitEnrolment(config.enrolmentTokens),
    },
    async stop() {
      await recoveryNotifier.stop();
      await lazyReseal.stop();
      enclave.close();
      await relay.outbox.stop();
      await rateLimiter.stop();
      await keyUse.stop();
    },
  };
}

function outboxEvents(audit: AuditLog) {
  return (event: OutboxEvent): void => {
    if (event.kind === 'failed') audit.outboxFailed(event.code);
    else audit.outboxMoved(event.entry.network, event.entry.id, event.look.state, event.look.refusal);
  };
}
