// `strongroom` as a process of its own, for owners, against one running twin.
import { execFile } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatAccountKey } from '@strongroom/cli/input/account-key-file';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOwnedProject } from '../support/owner-file.ts';
import type { TestProject } from '../support/project.ts';
import { sendSigned } from '../support/signed-request.ts';
import { runForPeople, runStrongroom } from '../support/strongroom-command.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

/** As solana-keygen writes it: seed and public key. */
const solanaKeypair = formatAccountKey('solana', new Uint8Array(32).fill(7));
const SCOPES = ['read', 'sign', 'accounts#export', 'policies#manage'];
let system: TestSystem;
let project: TestProject;
/** Of a project made by the command itself. */
let file: string;
let pins: string[];

beforeAll(async () => {
  system = await startTestSystem();
  const owned = await createOwnedProject(system);
  project = owned.project;
  const { pcr0, pcr1, pcr2 } = system.measurements;
  const root = write('root.pem', system.rootCertificatePem);
  pins = ['--url', system.baseUrl, '--custom-root', root];
  for (const [index, pcr] of [pcr0, pcr1, pcr2].entries())
    pins.push(`--pcr${index}`, Buffer.from(pcr).toString('hex'));
  file = join(system.home, 'made.json');
  const token = write('token', `${system.enrolmentToken}\n`);
  const made = await runStrongroom(
    ...['project', 'create', ...pins, '--out', file, '--enrolment-token-file', token, '--allow-export'],
    ...SCOPES.flatMap((scope) => ['--scope', scope]),
  );
  expect(made).toMatchObject({ exitCode: 0, json: { credentialsFile: file } });
});
afterAll(() => system[Symbol.asyncDispose]());

function write(name: string, content: string): string {
  const path = join(system.home, name);
  writeFileSync(path, content, { mode: 0o600 });
  return path;
}

/** Beside this process, which on level B relays what the command asks. */
function runShell(line: string): Promise<{ status: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    execFile('bash', ['-c', line], (error, stdout, stderr) =>
      resolve({ status: Number(error?.code ?? 0), stdout, stderr }),
    );
  });
}

const own = (...words: string[]) => runStrongroom(...words, '--credentials', file);

describe('a project', () => {
  it('is made once, with its secrets in a file of mode 0600 and nowhere else', async () => {
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const { apiKeySecret, walletSecret, projectId } = JSON.parse(readFileSync(file, 'utf8'));
    const again = await runStrongroom('project', 'create', ...pins, '--out', file);
    expect(again).toMatchObject({ exitCode: 2, json: { error: { code: 'USAGE' } } });
    const uninvited = await runStrongroom('project', 'create', ...pins, '--out', `${file}.uninvited`);
    expect(uninvited).toMatchObject({ exitCode: 1, json: { error: { code: 'ENROLMENT_REFUSED' } } });
    expect(existsSync(`${file}.uninvited`)).toBe(false);
    const shown = await own('project', 'show');
    expect(shown.json).toMatchObject({ projectId, recordVersion: 1, exportAllowed: true });
    expect(shown.stdout).not.toContain(walletSecret);
    expect(shown.stdout).not.toContain(apiKeySecret);
  });

  it('is verified, and not under another image or an older record', async () => {
    expect(await own('project', 'verify', '--at-least-version', '1')).toMatchObject({ exitCode: 0 });
    expect(await own('project', 'verify', '--at-least-version', '2')).toMatchObject({
      exitCode: 3,
      json: { error: { code: 'RECORD_OLDER' } },
    });
    const wrong = await own('project', 'verify', '--pcr0', 'ab'.repeat(48));
    expect(wrong.exitCode).toBe(3);
    expect(wrong.stdout).toBe('');
  });

  it('shows the state of its service, with proof where it is pinned', async () => {
    const proven = await own('status');
    expect(proven.json).toMatchObject({ phase: 'ready', attestation: { securityEpoch: 1 } });
    const unproven = await runStrongroom('status', '--url', system.baseUrl);
    expect(unproven.json).toMatchObject({ phase: 'ready', attestation: null });
  });
});

describe('accounts', () => {
  it('come in, are listed and verified, and go out to a file as the same key', async () => {
    const transferred: string[][] = [];
    for (const [family, content] of [
      ['evm', `0x${'5a'.repeat(32)}\n`],
      ['solana', solanaKeypair],
    ] as const) {
      const key = write(`${family}.key`, content);
      const imported = await own(
        'account',
        'import',
        '--family',
        family,
        '--key-file',
        key,
        '--name',
        'mine',
      );
      expect(imported).toMatchObject({ exitCode: 0, json: { name: 'mine' } });
      const { address } = imported.json;
      expect((await own('account', 'list', '--family', family)).json).toMatchObject([{ family, address }]);
      expect(await own('account', 'verify', address)).toMatchObject({ exitCode: 0, json: { address } });
      const out = join(system.home, `${family}.exported`);
      expect(await own('account', 'export', address, '--out', out)).toMatchObject({ exitCode: 2 });
      const nowhere = join(system.home, 'nowhere', 'key');
      expect(await own('account', 'export', address, '--out', nowhere, '--yes')).toMatchObject({
        exitCode: 2,
      });
      const exported = await own('account', 'export', address, '--out', out, '--yes');
      expect(exported).toMatchObject({ exitCode: 0, json: { keyFile: out } });
      expect(statSync(out).mode & 0o777).toBe(0o600);
      expect(readFileSync(out, 'utf8')).toBe(content);
      expect(exported.stdout + exported.stderr).not.toContain(content.trim());
      transferred.unshift(['import', address, imported.json.receipt]);
      transferred.unshift(['export', address, exported.json.receipt]);
    }
    const audited = await own('audit');
    expect(audited.exitCode).toBe(0);
    const receipts = audited.json as { transfer: string; address: string; receipt: string }[];
    expect(receipts.map(({ transfer, address, receipt }) => [transfer, address, receipt])).toEqual(
      transferred,
    );
  });

  it('of somebody else are not verified, and a file that holds no key is not quoted', async () => {
    const { text } = await sendSigned(project, 'POST', '/v2/evm/accounts', { body: {} });
    const stranger = await own('account', 'verify', JSON.parse(text).address);
    expect(stranger).toMatchObject({ exitCode: 3, json: { error: { code: 'ACCOUNT_UNKNOWN' } } });
    expect(await own('account', 'verify', 'alice')).toMatchObject({ exitCode: 2 });
    const broken = write('broken.key', 'correct horse battery staple');
    const refused = await own('account', 'import', '--family', 'evm', '--key-file', broken);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).not.toContain('horse');
  });
});

describe('policies', () => {
  it('are made, shown, replaced, evaluated and removed', async () => {
    const rules = (action: string) => [{ action, operation: 'signEvmHash' }];
    const body = { scope: 'project', description: 'first', rules: rules('accept') };
    const created = await own('policy', 'create', '--file', write('policy.json', JSON.stringify(body)));
    expect(created).toMatchObject({ exitCode: 0, json: { description: 'first' } });
    const { id } = created.json;
    const update = write('update.json', JSON.stringify({ description: 'second', rules: rules('reject') }));
    expect((await own('policy', 'update', id, '--file', update)).json).toMatchObject({
      description: 'second',
    });
    expect((await own('policy', 'show', id)).json).toMatchObject({ id, description: 'second' });
    const request = {
      operation: 'signEvmHash',
      request: { hash: `0x${'cd'.repeat(32)}` },
      rules: rules('reject'),
    };
    const asked = await own('policy', 'evaluate', '--file', write('request.json', JSON.stringify(request)));
    expect(asked.json).toMatchObject({ verdict: 'reject', ruleIndex: 0 });
    expect(await own('policy', 'delete', id, '--yes')).toMatchObject({ exitCode: 0, json: { id } });
    expect((await own('policy', 'list')).json).toEqual([]);
  });
});

describe('secrets of a project', () => {
  it('rotate: an API key like the old one, which is then revoked', async () => {
    const out = join(system.home, 'rotated.json');
    const rotated = await own('api-key', 'rotate', '--out', out);
    expect(rotated.json.apiKeys).toMatchObject([{ scopes: SCOPES }, { id: rotated.json.id, scopes: SCOPES }]);
    const { apiKeyId } = JSON.parse(readFileSync(file, 'utf8'));
    const revoke = ['api-key', 'revoke', apiKeyId, '--credentials', out];
    expect(await runStrongroom(...revoke)).toMatchObject({ exitCode: 2, json: { error: { code: 'USAGE' } } });
    expect((await runStrongroom(...revoke, '--yes')).json).toMatchObject([{ id: rotated.json.id }]);
    file = out;
  });

  it('refused, leave no file behind', async () => {
    const { apiKeyId } = JSON.parse(readFileSync(file, 'utf8'));
    const reader = join(system.home, 'reader.json');
    expect(await own('api-key', 'create', '--out', reader, '--scope', 'read')).toMatchObject({ exitCode: 0 });
    const out = join(system.home, 'of-reader.json');
    const byReader = await runStrongroom('api-key', 'create', '--out', out, '--credentials', reader);
    expect(byReader).toMatchObject({ exitCode: 1, json: { error: { code: 'SERVICE_REFUSED' } } });
    const { apiKeyId: readerId } = JSON.parse(readFileSync(reader, 'utf8'));
    expect((await own('api-key', 'revoke', readerId, '--yes')).json).toMatchObject([{ id: apiKeyId }]);
    const revoked = await runStrongroom('account', 'list', '--credentials', reader);
    expect(revoked).toMatchObject({ exitCode: 1, json: { error: { code: 'CREDENTIALS_REFUSED' } } });
    expect(existsSync(out)).toBe(false);
    const block = await own('api-key', 'create', '--out', out, '--allow-ip', '10.0.0.0/33');
    expect(block).toMatchObject({ exitCode: 2, json: { error: { code: 'USAGE' } } });
    expect(existsSync(out)).toBe(false);
  });

  it('are not read from a file that everybody may read, nor taken for what they are not', async () => {
    const content = readFileSync(file, 'utf8');
    const open = write('open.json', content);
    chmodSync(open, 0o644);
    const told = await runForPeople(['project', 'show', '--credentials', open]);
    expect(told).toMatchObject({ exitCode: 2, stdout: '' });
    expect(told.stderr).toContain(`chmod 600 ${open}`);
    for (const [field, value] of [
      ['apiKeySecret', 'hunter2'],
      ['projectId', 'ab'],
      ['deploymentId', 'ab'],
    ] as const) {
      const broken = write('broken.json', JSON.stringify({ ...JSON.parse(content), [field]: value }));
      const refused = await runForPeople(['project', 'show', '--credentials', broken]);
      expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
      expect(refused.stderr).toContain(field);
      expect(refused.stderr).not.toContain('hunter2');
    }
  });
});

describe('somebody new', () => {
  it('is told which setting is missing', async () => {
    const told = await runForPeople(['root-key', 'status']);
    expect(told).toMatchObject({ exitCode: 2, stdout: '' });
    expect(told.stderr).toContain('STRONGROOM_DATA_DIR');
  });

  it('is shown every command without words, and the one that was meant', async () => {
    const shown = await runForPeople([]);
    expect(shown).toMatchObject({ exitCode: 0, stderr: '' });
    expect(shown.stdout).toContain('For the operator');
    const misspelt = await runForPeople(['walet-secret', 'list']);
    expect(misspelt).toMatchObject({ exitCode: 2, stdout: '' });
    expect(misspelt.stderr).toContain('Did you mean "strongroom wallet-secret list"?');
  });

  it('is shown the version, and help in JSON when it is asked for', async () => {
    const { stdout } = await runForPeople(['--version']);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const help = await runStrongroom('help', 'wallet-secret', 'rotate');
    expect(help).toMatchObject({
      exitCode: 0,
      json: { help: expect.stringContaining('--retire-others-in') },
    });
    expect((await runForPeople(['backup', 'ke'])).stderr).toContain('strongroom backup --help');
  });

  it('may stop reading', async () => {
    const main = join(import.meta.dirname, '../../../cli/src/main.ts');
    const command = `"${process.execPath}" --no-warnings --conditions=source "${main}"`;
    const piped = `${command} project verify --credentials "${file}" | true; echo "\${PIPESTATUS[0]}"`;
    const ended = await runShell(piped);
    expect(ended).toMatchObject({ stdout: '1\n', stderr: '' });
    const full = await runShell(`${command} > /dev/full`);
    expect(full).toMatchObject({ status: 1, stderr: expect.stringMatching(/^OUTPUT_FAILED: .*ENOSPC.*\n$/) });
  });

  it('is told that nobody answers', async () => {
    const silent = await runStrongroom('status', '--url', 'http://127.0.0.1:9');
    expect(silent).toMatchObject({ exitCode: 1, json: { error: { code: 'SERVICE_UNREACHABLE' } } });
  });
});
