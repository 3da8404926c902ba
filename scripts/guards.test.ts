// Each dependency rule has a violation here that it must refuse; a guard that passes one is no guard.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const bin = (name: string) => join(root, 'node_modules/.bin', name);

function run(command: string, args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(bin(command), args, { cwd: root, encoding: 'utf8' });
  return { status, output: `${stdout}${stderr}` };
}

const VIOLATIONS = [
  ['enclave-app/src', "import { createServer } from 'node:http';", 'noRestrictedImports'],
  ['enclave-app/src', "import { DatabaseSync } from 'node:sqlite';", 'noRestrictedImports'],
  ['enclave-app/src', "import { x } from '../../parent-proxy/src/main.ts';", 'noRestrictedImports'],
  ['enclave-app/src', "import { x } from '../../local-twin/src/main.ts';", 'noRestrictedImports'],
  ['enclave-app/src', "import { x } from '@strongroom/shared/transport/dev/tcp';", 'noRestrictedImports'],
  ['parent-proxy/src', "import { x } from '../../enclave-app/src/main.ts';", 'noRestrictedImports'],
  ['parent-proxy/src', "import { x } from '@strongroom/cli/commands';", 'noRestrictedImports'],
  ['client/src', "import { x } from '@strongroom/parent-proxy/operator/deployment';", 'noRestrictedImports'],
  ['cli/src', "import { x } from '../../parent-proxy/src/config.ts';", 'noRestrictedImports'],
  ['shared/src', "import { x } from '@strongroom/attestation/der';", 'noRestrictedImports'],
  ['attestation/src', "import { hash } from 'node:crypto';", 'noNodejsModules'],
] as const;
const CORRECT = ['enclave-app/src', "import { hash } from 'node:crypto';"] as const;

/** What Biome reports of each file, in one run. The files are hidden, so that nothing else takes them for parts of their folders. */
function lintAll(): { file: string; rule: string }[] {
  const files = [...VIOLATIONS, CORRECT].map(([folder, source], index) => {
    const path = join(root, folder, `.guard-${process.pid}-${index}.ts`);
    writeFileSync(path, `${source}\n`);
    return path;
  });
  try {
    const { output } = run('biome', [
      'lint',
      '--colors=off',
      '--reporter=github',
      '--max-diagnostics=none',
      ...files,
    ]);
    return [...output.matchAll(/title=lint\/\w+\/(\w+),file=[^,]*?(\.guard-\d+-\d+\.ts)/g)].map(
      ([, rule = '', file = '']) => ({ file, rule }),
    );
  } finally {
    for (const file of files) rmSync(file);
  }
}

describe('Biome', () => {
  it('refuses each violation, and nothing in a file that keeps the rules', { timeout: 60_000 }, () => {
    const reported = lintAll();
    const rulesOf = (index: number) =>
      reported.filter(({ file }) => file.endsWith(`-${index}.ts`)).map(({ rule }) => rule);
    for (const [index, [, source, rule]] of VIOLATIONS.entries())
      expect(rulesOf(index), source).toContain(rule);
    const rules = VIOLATIONS.map(([, , rule]) => rule as string);
    expect(rulesOf(VIOLATIONS.length).filter((rule) => rules.includes(rule))).toEqual([]);
  });
});

describe('project references refuse', () => {
  it('a file of another workspace', { timeout: 60_000 }, () => {
    const directory = mkdtempSync(join(root, 'enclave-app/guard-'));
    try {
      writeFileSync(
        join(directory, 'x.ts'),
        "export { ConfigError } from '../../parent-proxy/src/config.ts';\n",
      );
      const config = {
        extends: '../tsconfig.json',
        include: ['x.ts'],
        compilerOptions: { outDir: 'dist', tsBuildInfoFile: 'dist/.tsbuildinfo' },
      };
      writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify(config));
      const { status, output } = run('tsc', ['-p', directory, '--noEmit']);
      expect(status).not.toBe(0);
      expect(output).toMatch(/TS6059|TS6307/);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});

describe('the trusted base refuses', () => {
  it('an entry that reaches the development transport', { timeout: 60_000 }, () => {
    const { status, output } = run('node', [
      'scripts/tcb.ts',
      '--check',
      '--entry',
      'scripts/fixtures/enclave-reaches-development-transport.ts',
    ]);
    expect(status).not.toBe(0);
    expect(output).toContain('shared/src/transport/dev/tcp.ts');
  });

  it('a report that is not what is reached', { timeout: 60_000 }, () => {
    const { status, output } = run('node', [
      'scripts/tcb.ts',
      '--check',
      '--entry',
      'enclave-app/src/config.ts',
    ]);
    expect(status).not.toBe(0);
    expect(output).toContain('TCB.txt');
  });
});

describe('applications', () => {
  it.each(['@strongroom/enclave-app/main', '@strongroom/parent-proxy/main'])(
    'export nothing: %s',
    (specifier) => {
      const { status, output } = run('node', [
        '--conditions=source',
        '--input-type=module',
        '-e',
        `await import('${specifier}')`,
      ]);
      expect(status).not.toBe(0);
      expect(output).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
    },
  );
});
