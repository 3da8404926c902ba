// `strongroom` for operators, and as the release installs it, against one running twin.
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assembleRelease } from '../../../scripts/enclave-image/release.ts';
import { startChild } from '../../src/system/child.ts';
import { TWIN_KEY_ARN, twinConfiguration, twinKeyPolicy } from '../../src/system/twin-configuration.ts';
import { createOwnedProject } from '../support/owner-file.ts';
import { sendSigned } from '../support/signed-request.ts';
import { runForPeople, runOperator, runStrongroom } from '../support/strongroom-command.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const SECOND_KEY_ARN = 'arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-4000-8000-000000000002';
const KEY_ARNS = [TWIN_KEY_ARN, SECOND_KEY_ARN];
let system: TestSystem;
let file: string;

beforeAll(async () => {
  system = await startTestSystem({ keyArns: KEY_ARNS });
  const owned = await createOwnedProject(system);
  ({ file } = owned);
  for (const _account of [1, 2, 3]) await sendSigned(owned.project, 'POST', '/v2/evm/accounts', { body: {} });
});
afterAll(() => system[Symbol.asyncDispose]());

function write(name: string, content: string): string {
  const path = join(system.home, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

const own = (...words: string[]) => runStrongroom(...words, '--credentials', file);

describe('the operator', () => {
  it('finds a deployment, rotates its root key, and the owner verifies what it carried', async () => {
    expect(await runOperator(system, 'genesis', '--yes')).toMatchObject({
      exitCode: 0,
      json: { outcome: 'already-made', phase: 'ready' },
    });
    const before = await runOperator(system, 'root-key', 'status');
    expect(before.json).toMatchObject({ generation: 1, roots: [{ generation: 1, keyArns: KEY_ARNS }] });
    const rotate = ['rotate', 'root-key', '--to', '2', '--settle-seconds', '3', '--share', '100'];
    rotate.push('--kms-key', TWIN_KEY_ARN);
    expect(await runOperator(system, ...rotate)).toMatchObject({ exitCode: 2 });
    // Only in the state `genesis` does the key policy admit a new data key.
    const denied = await runOperator(system, ...rotate, '--yes');
    expect(denied).toMatchObject({ exitCode: 1, stdout: '' });
    expect(denied.stderr).toContain('KMS_DENIED');
    for (const arn of KEY_ARNS) system.kms.setPolicy(arn, twinKeyPolicy([system.measurements], 'genesis'));
    const rotated = await runOperator(system, ...rotate, '--yes');
    expect(rotated).toMatchObject({ exitCode: 0, json: { generation: 2 } });
    const steps = rotated.stderr
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).progress.step);
    expect(steps).toContain('reseal');
    const listed = (await own('account', 'list')).json as readonly { address: string }[];
    const addresses = listed.map(({ address }) => address);
    expect(addresses).toHaveLength(3);
    const accounts = write('addresses', addresses.join('\n'));
    const verified = await own('rotation', 'verify', '--accounts', accounts);
    expect(verified.json).toMatchObject({ generation: 2, accounts: addresses.length });
    const fewer = write('fewer', addresses.slice(1).join('\n'));
    expect(await own('rotation', 'verify', '--accounts', fewer)).toMatchObject({
      exitCode: 3,
      json: { error: { code: 'STATEMENT_ACCOUNTS' } },
    });
  });

  it('backs up, verifies and drills; what an archive is refused for is told in words', async () => {
    const [key, archive] = [join(system.home, 'backup.key'), join(system.home, 'one.age')];
    const { recipient } = (await runStrongroom('backup', 'key', '--out', key)).json;
    expect(statSync(key).mode & 0o777).toBe(0o600);
    const written = await runOperator(system, 'backup', '--out', archive, '--recipient', recipient);
    const { deploymentId, accounts } = written.json;
    const [{ address }] = (await own('account', 'list')).json;
    const named = (id: string, identity = key) => [
      ...['--in', archive, '--identity', identity, '--deployment', id],
    ];
    const open = write('open.key', readFileSync(key, 'utf8'));
    chmodSync(open, 0o644);
    const [verified, stranger, readable, drilled, used] = await Promise.all([
      runStrongroom('backup', 'verify', ...named(deploymentId)),
      runForPeople(['backup', 'verify', ...named('00'.repeat(32))]),
      runForPeople(['backup', 'verify', ...named(deploymentId, open)]),
      runOperator(system, 'drill', ...named(deploymentId), '--address', address),
      runOperator(system, 'restore', ...named(deploymentId), '--yes'),
    ]);
    expect(verified).toMatchObject({ exitCode: 0, json: { accounts, projects: 1 } });
    expect(stranger).toMatchObject({ exitCode: 3 });
    expect(stranger.stderr).toContain('No enclave of the expected deployment signed for this content.');
    expect(readable).toMatchObject({ exitCode: 2 });
    expect(drilled.json.projects).toMatchObject([{ addresses: [address] }]);
    expect(used).toMatchObject({ exitCode: 1, json: { error: { code: 'RESTORE_NOT_EMPTY' } } });
  });

  it('wraps the root key by a further KMS key', async () => {
    const before = await runOperator(system, 'root-key', 'status');
    expect(before.json.roots).toEqual([{ generation: 2, keyArns: [TWIN_KEY_ARN] }]);
    const added = await runOperator(system, 'root-key', 'add-kms', '--kms-key', SECOND_KEY_ARN);
    expect(added).toMatchObject({ exitCode: 0, json: { roots: [{ generation: 2, keyArns: KEY_ARNS }] } });
    expect(await runOperator(system, 'root-key', 'add-kms')).toMatchObject({
      exitCode: 1,
      json: { error: { code: 'ROTATION_REFUSED', message: expect.stringContaining('root-key status') } },
    });
  });

  it('makes a deployment once, where there is none', async () => {
    const { kms, measurements } = system;
    const home = join(system.home, 'second');
    mkdirSync(join(home, 'data'), { recursive: true });
    const enclave = await startChild(new URL('../../src/system/enclave-process.ts', import.meta.url), {
      pkiDirectory: join(system.home, 'twin'),
      configuration: twinConfiguration({ keyArns: KEY_ARNS }),
      measurements,
      kmsPort: kms.port,
      kmsCaPem: kms.caPem,
      port: 0,
    });
    try {
      const genesis = (...words: string[]) => runOperator({ home, enclave }, 'genesis', ...words);
      expect(await genesis()).toMatchObject({ exitCode: 2, json: { error: { code: 'USAGE' } } });
      expect((await genesis('--yes')).stdout).toBe('{"outcome":"made","phase":"ready"}\n');
      expect((await genesis('--yes')).stdout).toBe('{"outcome":"already-made","phase":"ready"}\n');
    } finally {
      await enclave.stop();
    }
    const lost = await runOperator({ home, enclave }, 'root-key', 'status');
    expect(lost).toMatchObject({ exitCode: 1, json: { error: { code: 'CONNECTION_LOST' } } });
  });
});

describe('the release, where there are no sources', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'strongroom-release-'));
    assembleRelease(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** With nothing of this environment: no node on the PATH, no settings. */
  function run(
    program: string,
    ...words: string[]
  ): Promise<{ status: number; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      const options = { cwd: folder, env: { PATH: '/usr/bin:/bin' } };
      execFile(program, words, options, (error, stdout, stderr) =>
        resolve({ status: Number(error?.code ?? 0), stdout, stderr }),
      );
    });
  }

  const strongroom = (...words: string[]) => run(join(folder, 'bin/strongroom'), ...words);

  it('shows version, help and completion, and refuses what it does not know', async () => {
    expect(await strongroom('--version')).toMatchObject({ status: 0, stdout: '0.1.0\n', stderr: '' });
    const help = await strongroom('--help');
    expect(help).toMatchObject({ status: 0, stderr: '' });
    expect(help.stdout).toContain('wallet-secret rotate');
    const unknown = await strongroom('walet-secret', 'rotate');
    expect(unknown).toMatchObject({ status: 2, stdout: '' });
    expect(unknown.stderr).toContain('strongroom wallet-secret rotate');
    const { stdout: script } = await strongroom('completion', 'bash');
    const complete = `${script}\nCOMP_WORDS=(strongroom rec); COMP_CWORD=1; _strongroom; echo "$COMPREPLY"`;
    expect((await run('bash', '-c', complete)).stdout).toBe('recovery\n');
  });

  it('verifies a running service and its project', async () => {
    const shown = await strongroom('status', '--credentials', file, '--json');
    expect(shown).toMatchObject({ status: 0, stderr: '' });
    expect(JSON.parse(shown.stdout)).toMatchObject({ phase: 'ready', attestation: { securityEpoch: 1 } });
    expect(await strongroom('project', 'verify', '--credentials', file)).toMatchObject({
      status: 0,
      stderr: '',
    });
    const wrong = await strongroom('project', 'verify', '--credentials', file, '--pcr1', 'ab'.repeat(48));
    expect(wrong).toMatchObject({ status: 3, stdout: '' });
  });

  it('has the packages of backups in it, and asks for settings before databases', async () => {
    const made = await strongroom('backup', 'key', '--out', join(folder, 'backup.key'), '--json');
    expect(JSON.parse(made.stdout)).toMatchObject({ recipient: expect.stringMatching(/^age1/) });
    const settings = await strongroom('root-key', 'status');
    expect(settings).toMatchObject({ status: 2, stderr: expect.stringContaining('STRONGROOM_DATA_DIR') });
  });
});
