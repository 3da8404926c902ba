// The infrastructure: synthesised and linted, and what it must not allow.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { cacheDir } from '../../local-twin/emulation/cache.ts';
import { scratchDir } from '../../local-twin/emulation/machine.ts';
import { keyAccountTemplate } from '../cloudformation/key-account.ts';
import { serviceAccountTemplate } from '../cloudformation/service-account.ts';
import { synthesize } from '../cloudformation/synthesize.ts';

const CFN_LINT = 'cfn-lint==1.51.0';
const deploy = resolve(import.meta.dirname, '..');
const dir = scratchDir();
afterAll(() => dir[Symbol.dispose]());

/** AWS's linter, of one version, in an environment of its own. */
function cfnLint(): string {
  const environment = join(cacheDir(), CFN_LINT.replace('==', '-'));
  const program = join(environment, 'bin/cfn-lint');
  if (!existsSync(program)) {
    execFileSync('python3', ['-m', 'venv', environment]);
    execFileSync(join(environment, 'bin/pip'), [
      'install',
      '--quiet',
      '--disable-pip-version-check',
      CFN_LINT,
    ]);
  }
  return program;
}

describe('templates', () => {
  it('pass AWS’s linter without an error or a warning', () => {
    const { status, stdout, stderr } = spawnSync(
      cfnLint(),
      [...synthesize(dir.path), '--non-zero-exit-code', 'informational'],
      {
        encoding: 'utf8',
      },
    );
    expect(stdout + stderr).toBe('');
    expect(status).toBe(0);
  });

  it('the linter finds a mistake', () => {
    const [file = ''] = synthesize(join(dir.path, 'broken'));
    execFileSync('sed', ['-i', 's/"KeySpec"/"KeySpice"/', file]);
    expect(spawnSync(cfnLint(), [file]).status).not.toBe(0);
  });

  it('give the service account no right to a key, to a policy or to the internet', () => {
    const text = JSON.stringify(serviceAccountTemplate());
    expect(text).not.toMatch(
      /"kms:|iam:(Put|Pass|Create)|InternetGateway|NatGateway|"Action":"\*"|AdministratorAccess/,
    );
    expect(JSON.stringify(serviceAccountTemplate().Resources['InstanceRole'])).toMatch(
      /sts:AssumeRole.*s3:GetObject/,
    );
  });

  it('open the key to nobody, and keep it whatever happens to the stack', () => {
    const key = keyAccountTemplate().Resources['Key'];
    expect(key).toMatchObject({ DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    const { Statement } = (key?.Properties?.['KeyPolicy'] ?? {}) as {
      Statement: { Sid: string; Effect: string; Action: string[] }[];
    };
    const allowed = Statement.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => Action);
    expect(allowed).toContain('kms:PutKeyPolicy');
    for (const use of ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:Encrypt', 'kms:CreateGrant'])
      expect(allowed).not.toContain(use);
  });

  it('keep the databases whatever happens to the stack', () => {
    expect(serviceAccountTemplate().Resources['DataVolume']).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    });
  });
});

describe('units and scripts', () => {
  it('the units are of systemd’s form', () => {
    const units = readdirSync(join(deploy, 'systemd')).map((name) => join(deploy, 'systemd', name));
    const { stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', ...units], { encoding: 'utf8' });
    // What they start is on the parent instance, not here; anything else that it says is a mistake in a unit.
    const problems = stderr
      .split('\n')
      .filter(
        (line) =>
          line !== '' && !/is not executable|Unit nitro-enclaves-allocator.service not found/.test(line),
      );
    expect(problems).toEqual([]);
  });

  it.each(['install', 'run-enclave'])('%s parses', (name) => {
    expect(spawnSync('bash', ['-n', join(deploy, 'parent', name)]).status).toBe(0);
  });

  it('the enclave is never started in debug mode', () => {
    const script = readFileSync(join(deploy, 'parent/run-enclave'), 'utf8');
    const commands = script.split('\n').filter((line) => !line.startsWith('#'));
    expect(commands.join('\n')).not.toContain('--debug-mode');
  });

  it('every settings file that install copies is there', () => {
    const script = readFileSync(join(deploy, 'parent/install'), 'utf8');
    const names = [...(/for name in (.*); do/.exec(script)?.[1] ?? '').split(' '), 'proxy.env'];
    expect(names.length).toBeGreaterThan(4);
    for (const name of names) expect(existsSync(join(deploy, 'parent', name)), name).toBe(true);
  });
});
