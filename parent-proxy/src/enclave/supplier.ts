import type { OperationClient } from '@strongroom/shared/channel/operation-client';
import { announceRestore } from '@strongroom/shared/operations/announce-restore';
import { getStatus } from '@strongroom/shared/operations/get-status';
import { loadRootRecord } from '@strongroom/shared/operations/load-root-record';
import type { ResponseOf } from '@strongroom/shared/operations/operation';
import { setCredentials } from '@strongroom/shared/operations/set-credentials';
import { changeRootRecord } from '../rotation/root-record.ts';
import type { Store } from '../store/store.ts';
import { type CredentialSource, CredentialsUnreadable, type RoleCredentials } from './credentials.ts';

export type EnclaveStatus = ResponseOf<typeof getStatus>;

const HEARTBEAT_DEADLINE_MS = 3000;
/** Unsealing asks KMS a few times. */
export const UNSEAL_DEADLINE_MS = 60_000;
const CREDENTIALS_DEADLINE_MS = 5000;
const CREDENTIALS_MARGIN_MS = 5 * 60_000;

export interface SupplierOptions {
  readonly call: OperationClient['call'];
  readonly store: Pick<
    Store,
    'readRootRecord' | 'epochBeforeRestore' | 'noteRestoreAnnounced' | 'replaceRootRecord'
  >;
  readonly credentials: CredentialSource;
  readonly nowMs: () => number;
  /** Told of each status, and of null when the enclave did not answer. */
  readonly onStatus: (status: EnclaveStatus | null) => void;
}

/** Hands the enclave what it lacks: credentials before they expire, and the stored root record whenever it is another one. */
export interface Supplier {
  /** False until it is known that the store is no restored one, or that an enclave has counted the restore. */
  readonly isRestoreCounted: boolean;
  /** @returns where that brought it. @throws OperationError, StoreError, CredentialsUnreadable */
  supply(): Promise<EnclaveStatus>;
}

export function createSupplier(options: SupplierOptions): Supplier {
  const { call, store, credentials, nowMs } = options;
  /** The root record that this life of the enclave took last. */
  let presented: { readonly bootId: Uint8Array; readonly rootRecord: Uint8Array | null } | null = null;

  /** The epoch that a restored store has to go above; null when there is nothing to announce, undefined until the store was asked. */
  let aboveEpoch: number | null | undefined;

  async function readStatus(): Promise<EnclaveStatus> {
    try {
      const status = await call(getStatus, {}, HEARTBEAT_DEADLINE_MS);
      // Nobody is told that it is ready while nobody would be served.
      if (aboveEpoch === null || status.phase !== 'ready') options.onStatus(status);
      return status;
    } catch (error) {
      options.onStatus(null);
      throw error;
    }
  }

  function isPresented({ bootId }: EnclaveStatus, rootRecord: Uint8Array): boolean {
    return (
      presented !== null &&
      presented.rootRecord !== null &&
      isSame(presented.bootId, bootId) &&
      isSame(presented.rootRecord, rootRecord)
    );
  }

  async function handOverMissing(status: EnclaveStatus): Promise<boolean> {
    const { phase, bootId, credentialsExpireAtMs } = status;
    if (phase === 'starting' || phase === 'failed') return false;
    let isChanged = false;
    if ((credentialsExpireAtMs ?? 0) < nowMs() + CREDENTIALS_MARGIN_MS) {
      await call(setCredentials, await readCredentials());
      isChanged = true;
    }
    if (phase === 'unsealing') return isChanged;
    const rootRecord = await store.readRootRecord();
    // Told of a newer one, it goes on signing with the keys that it has until the new ones are open.
    if (phase === 'ready' && (rootRecord === null || isPresented(status, rootRecord))) return isChanged;
    // Told once that there is none, the enclave waits; told again, it would only say so again.
    if (rootRecord === null && phase === 'needs-genesis') return isChanged;
    await call(loadRootRecord, { rootRecord }, UNSEAL_DEADLINE_MS);
    presented = { bootId, rootRecord };
    return true;
  }

  /** Once in the life of a restored store; one more time when a process ends in between, which does no harm. */
  async function announce(epoch: number): Promise<void> {
    await changeRootRecord({ call, store }, () => call(announceRestore, { aboveEpoch: epoch }));
    await store.noteRestoreAnnounced();
    aboveEpoch = null;
  }

  async function readCredentials(): Promise<RoleCredentials> {
    let timer: NodeJS.Timeout | undefined;
    // Heartbeats wait for it, and AWS's chain asks servers that may be silent.
    const deadline = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new CredentialsUnreadable()), CREDENTIALS_DEADLINE_MS);
    });
    try {
      return await Promise.race([credentials.read(), deadline]);
    } catch (cause) {
      throw new CredentialsUnreadable('', { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    get isRestoreCounted() {
      return aboveEpoch === null;
    },
    async supply() {
      if (aboveEpoch === undefined) aboveEpoch = await store.epochBeforeRestore();
      const status = await readStatus();
      const supplied = (await handOverMissing(status)) ? await readStatus() : status;
      if (supplied.phase !== 'ready' || aboveEpoch === null) return supplied;
      await announce(aboveEpoch);
      return await readStatus();
    },
  };
}

export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
