// The owner rotates with the `strongroom` command while his programs go on signing.
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeWalletSecret } from '@strongroom/client/credentials';
import { proveWalletSecret } from '@strongroom/client/wallet-secrets';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOwnedProject, withSecretsOf } from '../support/owner-file.ts';
import type { TestProject } from '../support/project.ts';
import { sendSigned } from '../support/signed-request.ts';
import { runStrongroom } from '../support/strongroom-command.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

let system: TestSystem;
beforeAll(async () => {
  system = await startTestSystem();
});
afterAll(() => system[Symbol.asyncDispose]());

async function makeAccount(project: TestProject): Promise<string> {
  const { text } = await sendSigned(project, 'POST', '/v2/evm/accounts', { body: {} });
  return JSON.parse(text).address;
}

const sign = (project: TestProject, address: string) =>
  sendSigned(project, 'POST', `/v2/evm/accounts/${address}/sign`, { body: { hash: `0x${'cd'.repeat(32)}` } });

/** Signs without a pause with each of the projects in turn, until it is stopped. */
function startLoad(address: string, first: readonly TestProject[]) {
  let signers = first;
  let isStopped = false;
  const statuses: number[] = [];
  const latest = new Map<number, Promise<unknown>>();
  const workers = Array.from({ length: 6 }, async (_, worker) => {
    for (let turn = worker; !isStopped; turn++) {
      const answer = sign(signers[turn % signers.length] as TestProject, address);
      latest.set(worker, answer);
      statuses.push((await answer).status);
    }
  });
  return {
    statuses,
    /** Resolves when the last request of the projects before is answered. */
    async use(next: readonly TestProject[]) {
      signers = next;
      await Promise.all(latest.values());
    },
    async stop() {
      isStopped = true;
      await Promise.all(workers);
    },
  };
}

describe('rotation under load', () => {
  it('fails no signature: with the old, with both, with the new', async () => {
    const { project, file } = await createOwnedProject(system);
    const address = await makeAccount(project);
    const load = startLoad(address, [project]);
    await sleep(300);
    const out = join(system.home, 'rotated.json');
    const rotated = await runStrongroom('wallet-secret', 'rotate', '--credentials', file, '--out', out);
    expect(rotated).toMatchObject({ exitCode: 0 });
    const renewed = withSecretsOf(project, out);
    await load.use([project, renewed]);
    await sleep(500);
    await load.use([renewed]);
    await sleep(300);
    const others = rotated.json.walletSecrets.filter(({ id }: { id: string }) => id !== rotated.json.id);
    const revoked = await runStrongroom(
      'wallet-secret',
      'revoke',
      others[0].id,
      '--credentials',
      out,
      '--yes',
    );
    expect(revoked).toMatchObject({ exitCode: 0, json: [{ id: rotated.json.id, state: 'active' }] });
    await sleep(300);
    await load.stop();
    expect(load.statuses.length).toBeGreaterThan(50);
    expect(load.statuses.filter((status) => status !== 200)).toEqual([]);
    expect((await sign(project, address)).status).toBe(401);
    expect((await sign(renewed, address)).status).toBe(200);
  });
});

describe('the command', () => {
  it('writes the new secret where nobody else reads, and over nothing', async () => {
    const { file } = await createOwnedProject(system);
    const out = join(system.home, 'new.json');
    const rotate = ['wallet-secret', 'rotate', '--credentials', file, '--retire-others-in', '7d'];
    const first = await runStrongroom(...rotate, '--out', out);
    expect(first.exitCode).toBe(0);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(first.stdout + first.stderr).not.toContain(withSecretsOf({} as TestProject, out).walletSecret);
    expect(await runStrongroom(...rotate, '--out', out)).toMatchObject({ exitCode: 2 });
    const listed = await runStrongroom('wallet-secret', 'list', '--credentials', out);
    expect(listed.json).toMatchObject([{ state: 'retiring' }, { state: 'active', notAfter: null }]);
    const endsInMs = Date.parse(listed.json[0].notAfter) - Date.now();
    expect(endsInMs / 86_400_000).toBeCloseTo(7, 2);
  });

  it('cannot revoke the last active secret, nor one that is not there', async () => {
    const { file } = await createOwnedProject(system);
    const [{ id }] = (await runStrongroom('wallet-secret', 'list', '--credentials', file)).json;
    for (const [wrong, code] of [
      [id, 'SERVICE_REFUSED'],
      ['0'.repeat(32), 'NOT_FOUND'],
    ]) {
      const refused = await runStrongroom('wallet-secret', 'revoke', wrong, '--credentials', file, '--yes');
      expect(refused).toMatchObject({ exitCode: 1, json: { error: { code } } });
    }
    expect(await runStrongroom('wallet-secret', 'revoke', '--credentials', file)).toMatchObject({
      exitCode: 2,
    });
  });
});

describe('a rotation that is sent again', () => {
  it('under its idempotency key is answered as before, and changes nothing', async () => {
    const { project, file } = await createOwnedProject(system);
    const added = makeWalletSecret();
    const body = {
      publicKey: Buffer.from(added.publicKey).toString('base64'),
      proof: proveWalletSecret(added, project.projectId),
    };
    const key = crypto.randomUUID();
    const first = await sendSigned(project, 'POST', '/v2/enclave/wallet-secrets', { body, key });
    const second = await sendSigned(project, 'POST', '/v2/enclave/wallet-secrets', { body, key });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(JSON.parse(second.text)).toEqual(JSON.parse(first.text));
    expect((await runStrongroom('wallet-secret', 'list', '--credentials', file)).json).toHaveLength(2);
  });
});
