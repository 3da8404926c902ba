// Every file in examples/ as its reader runs it, against processes of their own.
import { execFile } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { childEnvironment } from '../../src/system/child-environment.ts';
import { importKeyOf } from '../support/import-key.ts';
import { createTestProject } from '../support/project.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const run = promisify(execFile);
const examples = join(import.meta.dirname, '../../../examples');
const LAST_LINES: Readonly<Record<string, RegExp>> = {
  'quickstart.ts': /^Solana account [1-9A-HJ-NP-Za-km-z]{32,44}$/,
  'viem-account.ts': /^transaction signed$/,
  'ethers-signer.ts': /^transaction signed$/,
  'solana-kit-signer.ts': /^transaction signed$/,
  'policy-cookbook.ts': /^token cap holds$/,
};

let system: TestSystem;
let devFile: string;

beforeAll(async () => {
  system = await startTestSystem();
  const scopes = ['read', 'sign', 'accounts#export', 'policies#manage'];
  const project = await createTestProject(system, { scopes });
  const { baseUrl, apiKeyId, apiKeySecret, walletSecret } = project;
  const importPublicKeyPem = await importKeyOf(project);
  devFile = join(system.home, 'dev.json');
  writeFileSync(
    devFile,
    JSON.stringify({ baseUrl, apiKeyId, apiKeySecret, walletSecret, importPublicKeyPem }),
  );
});
afterAll(() => system[Symbol.asyncDispose]());

it('knows every example', () => {
  const files = readdirSync(examples).filter((name) => name.endsWith('.ts') && name !== 'connect.ts');
  expect(files.toSorted()).toEqual(Object.keys(LAST_LINES).toSorted());
});

it.each(Object.entries(LAST_LINES))('%s does what it says', async (name, lastLine) => {
  const { stdout, stderr } = await run(process.execPath, [join(examples, name)], {
    env: { ...childEnvironment(), STRONGROOM_DEV_FILE: devFile },
    timeout: 40_000,
  });
  expect(stderr).toBe('');
  expect(stdout.trimEnd().split('\n').at(-1)).toMatch(lastLine);
});
