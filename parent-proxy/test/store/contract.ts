import { afterAll, beforeAll, describe } from 'vitest';
import type { Store } from '../../src/store/store.ts';
import { describeAccounts } from './contract/accounts.ts';
import { describeAuthority } from './contract/authority.ts';
import { describeIdempotency } from './contract/idempotency.ts';
import { describeOutbox } from './contract/outbox.ts';
import { describeProjects } from './contract/projects.ts';
import { describeRecoveryNotices } from './contract/recovery-notices.ts';
import { describeRotation } from './contract/rotation.ts';
import { describeSmartAccounts } from './contract/smart-accounts.ts';
import type { Subject } from './contract/subject.ts';
import { describeTransferReceipts } from './contract/transfer-receipts.ts';

/** What every engine has to do; `open` opens a fresh store, `reopen` the same one after its process ended. */
export interface StoreUnderTest {
  open(): Promise<Store>;
  reopen(store: Store): Promise<Store>;
}

export function describeStoreContract(engine: string, underTest: StoreUnderTest): void {
  let store: Store;
  const subject: Subject = {
    get store() {
      return store;
    },
    async reopen() {
      store = await underTest.reopen(store);
    },
  };

  describe(`${engine} store`, () => {
    beforeAll(async () => {
      store = await underTest.open();
    });
    afterAll(async () => {
      await store.close();
    });
    describeProjects(subject);
    describeAccounts(subject);
    describeIdempotency(subject);
    describeOutbox(subject);
    describeSmartAccounts(subject);
    describeAuthority(subject);
    describeRotation(subject);
    describeTransferReceipts(subject);
    describeRecoveryNotices(subject);
  });
}
