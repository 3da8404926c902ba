// Everything is lost but the words: the `strongroom` command against processes.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { base32nopad } from '@scure/base';
import { openRecoveryKey } from '@strongroom/client/recovery-key';
import { recoveryKeyFor } from '@strongroom/client/recovery-message';
import { stretchPassphrase } from '@strongroom/client/recovery-passphrase';
import { totpCodeAt } from '@strongroom/client/totp-secret';
import { MIN_STRETCHING } from '@strongroom/shared/recovery/stretching';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createOwnedProject, withSecretsOf } from '../support/owner-file.ts';
import type { TestProject } from '../support/project.ts';
import { type RecoveryWebhook, startRecoveryWebhook } from '../support/recovery-webhook.ts';
import { sendSigned } from '../support/signed-request.ts';
import { answerStrongroom, runStrongroom } from '../support/strongroom-command.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const WAIT_MS = 3000;
let system: TestSystem;
let webhook: RecoveryWebhook;
beforeAll(async () => {
  webhook = await startRecoveryWebhook();
  system = await startTestSystem({ limits: { minRecoveryWaitMs: WAIT_MS }, recoveryWebhook: webhook.url });
});
afterAll(async () => {
  await system[Symbol.asyncDispose]();
  await webhook[Symbol.asyncDispose]();
});

let files = 0;
const newPath = () => join(system.home, `file-${files++}`);
function wordsFile(words: string): string {
  const path = newPath();
  writeFileSync(path, `${words}\n`, { mode: 0o600 });
  return path;
}

async function statusOfSigning(project: TestProject): Promise<number> {
  const created = await sendSigned(project, 'POST', '/v2/evm/accounts', { body: {} });
  return created.status;
}

/** The options of somebody who has the project id and the pins, and nothing secret. */
function publicOptions(project: TestProject): string[] {
  const { pcr0, pcr1, pcr2 } = system.measurements;
  const root = newPath();
  writeFileSync(root, system.rootCertificatePem);
  const pcrs = [pcr0, pcr1, pcr2].flatMap((pcr, index) => [
    `--pcr${index}`,
    Buffer.from(pcr).toString('hex'),
  ]);
  const projectId = Buffer.from(project.projectId).toString('hex');
  return ['--project', projectId, '--url', system.baseUrl, ...pcrs, '--custom-root', root];
}

async function setUp(waitingPeriod = '3s') {
  const { project, file } = await createOwnedProject(system);
  const setup = await runStrongroom(
    'recovery',
    'setup',
    '--credentials',
    file,
    '--waiting-period',
    waitingPeriod,
  );
  expect(setup).toMatchObject({ exitCode: 0 });
  const passphrase: string = setup.json.passphrase;
  return { project, file, passphrase, words: wordsFile(passphrase) };
}

/** Exactly what the operator is told: the recovery that was started, and then how it ended. */
async function expectTold({ projectId }: TestProject, started: Started, end: 'completed' | 'vetoed') {
  const common = { projectId: Buffer.from(projectId).toString('hex'), recoveryId: started.id };
  const { completableAt } = started;
  expect(await webhook.toldOf(projectId, 2)).toEqual([
    { event: 'recovery-started', ...common, completableAt },
    { event: `recovery-${end}`, ...common, completableAt: end === 'vetoed' ? null : completableAt },
  ]);
}

type Started = Record<'id' | 'completableAt', string>;

describe('recovery', () => {
  it('gives the project to a new secret and API key, after the waiting period and an answer to none', async () => {
    // Long enough for the commands that must find it waiting.
    const { project, words } = await setUp('10s');
    const out = newPath();
    const options = publicOptions(project);
    const start = ['recovery', 'start', ...options, '--passphrase-file', words, '--out', out];
    const started = await runStrongroom(...start);
    expect(started).toMatchObject({ exitCode: 0, json: { credentialsFile: out } });
    const waiting = await runStrongroom('recovery', 'status', ...options);
    expect(waiting.json.pending.id).toBe(started.json.id);
    const early = await runStrongroom('recovery', 'complete', '--credentials', out, '--yes');
    expect(early).toMatchObject({ exitCode: 1, json: { error: { code: 'SERVICE_REFUSED' } } });
    expect(await statusOfSigning(project)).toBe(201);
    await sleep(Math.max(0, Date.parse(started.json.completableAt) - Date.now() + 500));
    const completed = await runStrongroom('recovery', 'complete', '--credentials', out, '--yes');
    expect(completed).toMatchObject({ exitCode: 0 });
    expect(await statusOfSigning(project)).toBe(401);
    expect(await statusOfSigning(withSecretsOf(project, out))).toBe(201);
    expect((await runStrongroom('recovery', 'status', ...options)).json.pending).toBeNull();
    await expectTold(project, started.json, 'completed');
  });

  it('is vetoed by the owner', async () => {
    const { project, file, words } = await setUp();
    const out = newPath();
    const options = publicOptions(project);
    const start = ['recovery', 'start', ...options, '--passphrase-file', words, '--out', out];
    const started = await runStrongroom(...start);
    expect(await runStrongroom('recovery', 'veto', '--credentials', file)).toMatchObject({ exitCode: 0 });
    const completed = await runStrongroom('recovery', 'complete', '--credentials', out, '--yes');
    expect(completed).toMatchObject({ exitCode: 1, json: { error: { code: 'RECOVERY_NOT_PENDING' } } });
    expect(await statusOfSigning(project)).toBe(201);
    await expectTold(project, started.json, 'vetoed');
  });

  it('ends with its key, which the owner removes', async () => {
    const { project, file, words } = await setUp();
    const options = publicOptions(project);
    const out = newPath();
    await runStrongroom('recovery', 'start', ...options, '--passphrase-file', words, '--out', out);
    const remove = ['recovery', 'remove', '--credentials', file, '--yes'];
    expect(await runStrongroom(...remove)).toMatchObject({ exitCode: 0 });
    const completed = await runStrongroom('recovery', 'complete', '--credentials', out, '--yes');
    const again = { exitCode: 1, json: { error: { code: 'NOT_FOUND' } } };
    expect(completed).toMatchObject(again);
    expect(await runStrongroom(...remove)).toMatchObject(again);
    expect(await statusOfSigning(project)).toBe(201);
  });

  it('sends nothing that was made of wrong words', async () => {
    const { project, passphrase } = await setUp();
    const other = (await setUp()).passphrase;
    const options = publicOptions(project);
    const tries = [
      [other, 'PASSPHRASE_WRONG'],
      [passphrase.split(' ').slice(1).join(' '), 'PASSPHRASE_INVALID'],
    ] as const;
    for (const [typed, code] of tries) {
      const words = wordsFile(typed);
      const out = newPath();
      const start = ['recovery', 'start', ...options, '--passphrase-file', words, '--out', out];
      expect(await runStrongroom(...start)).toMatchObject({ exitCode: 1, json: { error: { code } } });
      // The same command is typed again, with the right words.
      expect(existsSync(out)).toBe(false);
    }
    expect((await runStrongroom('recovery', 'status', ...options)).json.pending).toBeNull();
  });

  it('replaces its passphrase', async () => {
    const { project, file, words } = await setUp();
    const renewed = await runStrongroom(
      'recovery',
      'replace',
      '--credentials',
      file,
      '--waiting-period',
      '3s',
      '--yes',
    );
    const options = publicOptions(project);
    const start = (path: string) =>
      runStrongroom('recovery', 'start', ...options, '--passphrase-file', path, '--out', newPath());
    expect(await start(words)).toMatchObject({ exitCode: 1, json: { error: { code: 'PASSPHRASE_WRONG' } } });
    expect(await start(wordsFile(renewed.json.passphrase))).toMatchObject({ exitCode: 0 });
  });

  it('takes the words from a file or a terminal only', async () => {
    const { project, file } = await setUp();
    const start = ['recovery', 'start', ...publicOptions(project), '--out', newPath()];
    expect(await runStrongroom(...start)).toMatchObject({ exitCode: 2 });
    expect(await runStrongroom('recovery', 'setup', '--credentials', file)).toMatchObject({ exitCode: 2 });
    const short = ['recovery', 'replace', '--yes', '--credentials', file, '--waiting-period', '1s'];
    expect(await runStrongroom(...short)).toMatchObject({
      exitCode: 1,
      json: { error: { code: 'SERVICE_REFUSED' } },
    });
  });
});

describe('a project that requires a second factor for it', () => {
  it('is recovered by a recovery code, without passkey and authenticator', async () => {
    const { file, project, words } = await setUp();
    const authenticator = async (asked: string) => {
      const secret = base32nopad.decode(/secret=([A-Z2-7]+)/.exec(asked)?.[1] ?? '');
      return totpCodeAt(secret, Date.now());
    };
    const totp = await answerStrongroom(['factor', 'add-totp', '--credentials', file], authenticator);
    expect(totp).toMatchObject({ exitCode: 0 });
    const codes = newPath();
    await runStrongroom('factor', 'recovery-codes', '--credentials', file, '--out', codes);
    const required = await runStrongroom('factor', 'require', '--for', 'recovery', '--credentials', file);
    expect(required).toMatchObject({ exitCode: 0, json: { requiredFor: ['recovery'], recoveryCodes: 10 } });
    const out = newPath();
    const start = ['recovery', 'start', ...publicOptions(project), '--passphrase-file', words];
    const started = await runStrongroom(...start, '--out', out);
    await sleep(Math.max(0, Date.parse(started.json.completableAt) - Date.now() + 500));
    const complete = ['recovery', 'complete', '--yes', '--credentials', out];
    // Nobody is there to be asked.
    expect(await runStrongroom(...complete)).toMatchObject({ exitCode: 2 });
    const withFactor = (factor: string) =>
      runStrongroom(...complete, '--second-factor-file', wordsFile(factor));
    const wrong = { exitCode: 1, json: { error: { code: 'SECOND_FACTOR_INVALID' } } };
    expect(await withFactor('000000')).toMatchObject(wrong);
    const [code = ''] = readFileSync(codes, 'utf8').split('\n');
    expect(await withFactor(code)).toMatchObject({ exitCode: 0 });
    const recovered = await runStrongroom('factor', 'list', '--credentials', out);
    expect(recovered.json).toMatchObject({ recoveryCodes: 9, totp: true, requiredFor: ['recovery'] });
    expect(await statusOfSigning(withSecretsOf(project, out))).toBe(201);
  }, 60_000);
});

/** The twelve words, or any two of them in a row. */
const isTold = (passphrase: string, text: string) => {
  const words = passphrase.split(' ');
  return words.slice(1).some((word, at) => text.includes(`${words[at]} ${word}`));
};

describe('the words', () => {
  it('are shown once, and then neither stored by the parent nor written by the owner', async () => {
    const { project, file, words, passphrase } = await setUp();
    const out = newPath();
    const options = publicOptions(project);
    await runStrongroom('recovery', 'start', ...options, '--passphrase-file', words, '--out', out);
    const data = join(system.home, 'data');
    const stored = readdirSync(data).map((name) => readFileSync(join(data, name)).toString('latin1'));
    expect(stored.join('')).toContain('api_key');
    const shown = await runStrongroom('recovery', 'status', '--credentials', file);
    const told = [...stored, shown.stdout, readFileSync(file, 'utf8'), readFileSync(out, 'utf8')];
    expect(told.filter((text) => isTold(passphrase, text))).toEqual([]);
    expect(isTold(passphrase, readFileSync(words, 'utf8'))).toBe(true);
  });

  it('with another salt or other costs sign nothing', async () => {
    const { project, passphrase } = await setUp();
    const seed = await stretchPassphrase(passphrase, project.projectId, MIN_STRETCHING);
    const { publicKey } = await openRecoveryKey(seed);
    const right = { projectId: project.projectId, stretching: MIN_STRETCHING, publicKey };
    const others = [
      { projectId: Buffer.alloc(32, 8) },
      { stretching: { ...MIN_STRETCHING, memoryKiB: MIN_STRETCHING.memoryKiB + 8 } },
    ];
    for (const other of others)
      await expect(recoveryKeyFor(passphrase, { ...right, ...other } as never)).rejects.toThrow(
        expect.objectContaining({ code: 'PASSPHRASE_WRONG' }),
      );
  });
});
