// Each test is a parent that cheats with policies; the enclave refuses it with a code of its own.
import { randomBytes } from 'node:crypto';
import { deletePolicy } from '@strongroom/shared/operations/delete-policy';
import { signEvmHash } from '@strongroom/shared/operations/sign-evm-hash';
import { signEvmMessage } from '@strongroom/shared/operations/sign-evm-message';
import { updateEvmAccount } from '@strongroom/shared/operations/update-evm-account';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createLabAccount,
  createLabProject,
  type LabAccount,
  type LabProject,
  signedRequest,
} from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { addLabPolicy, changeLabPolicy, type LabPolicy } from '../support/lab-policy.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const hash = `0x${'ab'.repeat(32)}`;
const only = (match: string) => ({
  scope: 'account',
  rules: [
    { action: 'accept', operation: 'signEvmMessage', criteria: [{ type: 'evmMessage', match }] },
    { action: 'reject', operation: 'signEvmHash' },
  ],
});
const rulesOf = ({ rules }: ReturnType<typeof only>) => ({ rules });

let lab: Laboratory;
let enclave: LabEnclave;

beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
});
afterAll(() => lab[Symbol.asyncDispose]());

interface Signing {
  readonly project: LabProject;
  readonly account: LabAccount;
  readonly policies: readonly Uint8Array[];
}

function signMessage(message: string, { project, account, policies }: Signing, client?: object) {
  const path = `/v2/evm/accounts/${account.address}/sign/message`;
  return enclave.call(signEvmMessage, {
    client: { ...signedRequest(project, { path, body: { message } }), ...client },
    project: project.rows,
    rows: account.rows,
    policies: [...policies],
  });
}

async function governed(match = '^allowed'): Promise<{ policy: LabPolicy; signing: Signing }> {
  const policy = await addLabPolicy(enclave, await createLabProject(enclave), only(match));
  const { project, id, document } = policy;
  const account = await createLabAccount(enclave, project, { accountPolicy: id });
  return { policy, signing: { project, account, policies: [document] } };
}

describe('a policy', () => {
  it('that is there is obeyed', async () => {
    const { signing } = await governed();
    expect((await signMessage('allowed', signing)).status).toBe(200);
    await expect(signMessage('other', signing)).rejects.toThrow(code('POLICY_VIOLATION'));
  });

  it('that is withheld', async () => {
    const { signing } = await governed();
    for (const policies of [[], [randomBytes(100)]])
      await expect(signMessage('allowed', { ...signing, policies })).rejects.toThrow(
        code('POLICY_DOCUMENT_REFUSED'),
      );
  });

  it('that is altered, by a bit or by a rule', async () => {
    const { policy, signing } = await governed();
    const flipped = Uint8Array.from(policy.document);
    flipped[20] = (flipped[20] as number) ^ 1;
    const widened = Buffer.from(Buffer.from(policy.document).toString().replace('^allowed', ''));
    for (const document of [flipped, widened])
      await expect(signMessage('other', { ...signing, policies: [document] })).rejects.toThrow(
        code('POLICY_DOCUMENT_REFUSED'),
      );
  });

  it('of an older version, beside the newer record', async () => {
    const { policy, signing } = await governed();
    const narrowed = await changeLabPolicy(enclave, policy, rulesOf(only('^narrow')));
    const older = { ...signing, project: narrowed.project, policies: [policy.document] };
    await expect(signMessage('allowed', older)).rejects.toThrow(code('POLICY_DOCUMENT_REFUSED'));
  });

  it('of an older version, with the record that named it', async () => {
    const { policy, signing } = await governed();
    const narrowed = await changeLabPolicy(enclave, policy, rulesOf(only('^narrow')));
    const newer = { ...signing, project: narrowed.project, policies: [narrowed.document] };
    await signMessage('narrow', newer);
    await expect(signMessage('allowed', signing)).rejects.toThrow(code('RECORD_OLDER_VERSION'));
    await expect(signMessage('allowed', newer)).rejects.toThrow(code('POLICY_VIOLATION'));
  });

  it('of another project', async () => {
    const { signing } = await governed();
    const { policy: theirs } = await governed('.');
    const swapped = { ...signing, policies: [theirs.document] };
    await expect(signMessage('other', swapped)).rejects.toThrow(code('POLICY_DOCUMENT_REFUSED'));
  });

  it("of another of the project's accounts", async () => {
    const { policy, signing } = await governed();
    const wide = await addLabPolicy(enclave, policy.project, only('.'));
    const swapped = { ...signing, project: wide.project, policies: [wide.document] };
    await expect(signMessage('other', swapped)).rejects.toThrow(code('POLICY_DOCUMENT_REFUSED'));
    const both = { ...swapped, policies: [wide.document, policy.document] };
    await expect(signMessage('other', both)).rejects.toThrow(code('POLICY_VIOLATION'));
  });

  it('that the record of the account still names, though the project has removed it', async () => {
    const { policy, signing } = await governed();
    const { project, id } = policy;
    const path = `/v2/policy-engine/policies/${id}`;
    const removed = await enclave.call(deletePolicy, {
      client: signedRequest(project, { method: 'DELETE', path }),
      project: project.rows,
    });
    const after = { ...project, rows: { ...project.rows, authority: removed.authority } };
    for (const policies of [[policy.document], []])
      await expect(signMessage('allowed', { ...signing, project: after, policies })).rejects.toThrow(
        code('POLICY_DOCUMENT_REFUSED'),
      );
  });

  it('of the project, over an account without one', async () => {
    const project = await createLabProject(enclave);
    const account = await createLabAccount(enclave, project);
    const common = await addLabPolicy(enclave, project, { ...only('^allowed'), scope: 'project' });
    const signing = { project: common.project, account, policies: [common.document] };
    // Before the enclave has seen it; afterwards it knows the policy by itself.
    await expect(signMessage('allowed', { ...signing, policies: [] })).rejects.toThrow(
      code('POLICY_DOCUMENT_REFUSED'),
    );
    await signMessage('allowed', signing);
    await expect(signMessage('other', { ...signing, policies: [] })).rejects.toThrow(
      code('POLICY_VIOLATION'),
    );
    await expect(signMessage('allowed', { ...signing, project })).rejects.toThrow(
      code('RECORD_OLDER_VERSION'),
    );
  });
});

describe('an account', () => {
  const putOf = (project: LabProject, { address }: LabAccount, body: object) =>
    signedRequest(project, { method: 'PUT', path: `/v2/evm/accounts/${address}`, body });

  it("is not attached to another project's policy", async () => {
    const { signing } = await governed();
    const { policy: theirs } = await governed();
    const attach = enclave.call(updateEvmAccount, {
      client: putOf(signing.project, signing.account, { accountPolicy: theirs.id }),
      project: signing.project.rows,
      account: signing.account.rows.account,
    });
    await expect(attach).rejects.toThrow(code('INVALID_REQUEST'));
    await expect(createLabAccount(enclave, signing.project, { accountPolicy: theirs.id })).rejects.toThrow(
      code('INVALID_REQUEST'),
    );
  });

  it('is not shown without its policy again, once it was shown with it', async () => {
    const { policy } = await governed();
    const free = await createLabAccount(enclave, policy.project);
    const attached = await enclave.call(updateEvmAccount, {
      client: putOf(policy.project, free, { accountPolicy: policy.id }),
      project: policy.project.rows,
      account: free.rows.account,
    });
    const account = { ...free, rows: { ...free.rows, account: attached.account } };
    const signing = { project: policy.project, account, policies: [policy.document] };
    await signMessage('allowed', signing);
    await expect(signMessage('other', { ...signing, account: free })).rejects.toThrow(
      code('RECORD_OLDER_VERSION'),
    );
  });

  it('is not signed for with a body other than the one that the token covers', async () => {
    const { signing } = await governed();
    const body = Buffer.from('{"message":"allowed to pay the parent"}');
    await expect(signMessage('allowed', signing, { body })).rejects.toThrow(
      code('WALLET_TOKEN_REQUEST_HASH_MISMATCH'),
    );
  });

  it('does not sign a hash by the token for a message', async () => {
    const { signing } = await governed();
    const path = `/v2/evm/accounts/${signing.account.address}/sign/message`;
    const client = signedRequest(signing.project, { path, body: { message: 'allowed' } });
    const rows = { project: signing.project.rows, rows: signing.account.rows, policies: [] };
    await expect(enclave.call(signEvmHash, { client, ...rows })).rejects.toThrow(code('OPERATION_MISMATCH'));
    const moved = {
      ...client,
      path: path.replace('/message', ''),
      body: Buffer.from(JSON.stringify({ hash })),
    };
    await expect(enclave.call(signEvmHash, { client: moved, ...rows })).rejects.toThrow(
      code('WALLET_TOKEN_URI'),
    );
  });
});
