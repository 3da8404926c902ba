// What an operator's command works on: the enclave behind this parent instance, and the stores beside a proxy that goes on serving.
import { createOperationClient, type OperationClient } from '@strongroom/shared/channel/operation-client';
import type { Dialer } from '@strongroom/shared/transport/connection';
import { vsockDialer } from '@strongroom/shared/transport/vsock';
import { readConfig } from '../config.ts';
import { awsCredentials } from '../enclave/aws-credentials.ts';
import type { CredentialSource } from '../enclave/credentials.ts';
import { openStore, type StoreLocation } from '../store/open-store.ts';
import type { Store } from '../store/store.ts';

const DIAL_TIMEOUT_MS = 3000;
const CALL_DEADLINE_MS = 60_000;
const MAX_IN_FLIGHT = 4;

export type { StoreLocation };

/** Open until `close`. */
export interface Deployment {
  readonly call: OperationClient['call'];
  readonly store: Store;
  readonly storeLocation: StoreLocation;
  readonly dialer: Dialer;
  /** For KMS. */
  readonly credentials: CredentialSource;
  readonly close: () => Promise<void>;
}

export interface DeploymentOptions {
  readonly store: StoreLocation;
  readonly dialer: Dialer;
  readonly credentials: CredentialSource;
}

/** The deployment of the proxy's own settings. @throws ConfigError, StoreError */
export async function openConfiguredDeployment(
  environment: Readonly<NodeJS.ProcessEnv>,
): Promise<Deployment> {
  const { store, enclave } = readConfig(environment);
  const dialer = vsockDialer({ ...enclave, timeoutMs: DIAL_TIMEOUT_MS });
  return await openDeployment({ store, dialer, credentials: awsCredentials() });
}

/** Where the databases of the proxy's own settings are. @throws ConfigError */
export function configuredStore(environment: Readonly<NodeJS.ProcessEnv>): StoreLocation {
  return readConfig(environment).store;
}

/** @throws StoreError */
export async function openDeployment({
  store: location,
  dialer,
  credentials,
}: DeploymentOptions): Promise<Deployment> {
  const store = await openStore(location);
  const client = createOperationClient({
    connect: () => dialer.dial(),
    maxInFlight: MAX_IN_FLIGHT,
    deadlineMs: CALL_DEADLINE_MS,
  });
  return {
    call: client.call,
    store,
    storeLocation: location,
    dialer,
    credentials,
    async close() {
      client.close();
      await store.close();
    },
  };
}
