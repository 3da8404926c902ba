import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { Scenario } from './crash-matrix.ts';
import { createTestProject, type TestProject } from './project.ts';
import { sendSigned } from './signed-request.ts';
import type { TestSystem } from './test-system.ts';

interface ExportTrial {
  readonly project: TestProject;
  readonly address: string;
  /** SubjectPublicKeyInfo, base64. */
  readonly exportEncryptionKey: string;
}

/** An export: whoever has the key finds the receipt that came with it in the list, and the same request again adds none. */
export function exportScenario(system: TestSystem): Scenario<ExportTrial, string> {
  const ask = ({ project, address, exportEncryptionKey }: ExportTrial) =>
    sendSigned(project, 'POST', `/v2/evm/accounts/${address}/export`, {
      body: { exportEncryptionKey },
      key: 'the-key',
    });
  return {
    async prepare() {
      const project = await createTestProject(system, { scopes: ['read', 'sign', 'accounts#export'] });
      const { status, text } = await sendSigned(project, 'POST', '/v2/evm/accounts', { body: {} });
      assert.equal(status, 201, text);
      const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const exportEncryptionKey = publicKey.export({ format: 'der', type: 'spki' }).toString('base64');
      return { project, address: JSON.parse(text).address, exportEncryptionKey };
    },
    async act(trial) {
      const { status, text, transferReceipt } = await ask(trial);
      assert.equal(status, 200, text);
      return transferReceipt ?? assert.fail('a key without a receipt');
    },
    async check(trial, told) {
      const kept = (await transferReceiptsOf(trial.project)).map(({ receipt }) => receipt);
      assert(kept.length <= 1);
      if (told !== null) assert.deepEqual(kept, [told]);
      const again = await ask(trial);
      if (again.status !== 200) assert.equal(again.status, 409, again.text);
      else if (kept.length > 0) assert.equal(again.transferReceipt, kept[0]);
      const after = (await transferReceiptsOf(trial.project)).map(({ receipt }) => receipt);
      assert.deepEqual(after, again.status === 200 ? [again.transferReceipt] : kept);
    },
  };
}

/** The transfer receipts of a project, as the service lists them. */
export async function transferReceiptsOf(
  project: TestProject,
): Promise<readonly { readonly address: string; readonly receipt: string }[]> {
  const { status, text } = await sendSigned(project, 'GET', '/v2/enclave/transfer-receipts');
  assert.equal(status, 200, text);
  return JSON.parse(text).transferReceipts;
}
