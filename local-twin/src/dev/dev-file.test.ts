import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type DevFile, findDevFile, readDevFile, writeDevFile } from './dev-file.ts';
import { homeOf, takeHome, writeOperatorFiles } from './home.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'strongroom-home-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

function fileOf(port: number, project: string, deployment = 'd'): DevFile {
  return {
    baseUrl: `http://127.0.0.1:${port}`,
    apiKeyId: 'id',
    apiKeySecret: 'secret',
    walletSecret: 'secret',
    pcrs: { '0': '', '1': '', '2': '' },
    rootCertificatePem: '',
    projectId: project.repeat(64),
    deploymentId: deployment.repeat(64),
  };
}

it('keeps the project of another port, and finds it again', () => {
  const [first, second] = [fileOf(8787, 'a'), fileOf(8788, 'b')];
  writeDevFile(home, first);
  writeDevFile(home, second);
  expect(readDevFile(home)).toEqual(second);
  expect(findDevFile(home, first)).toEqual(first);
  writeDevFile(home, first);
  expect(findDevFile(home, second)).toEqual(second);
});

it('takes no project of another deployment, and loses none of it', () => {
  const [before, after] = [fileOf(8787, 'a'), fileOf(8787, 'b', 'e')];
  writeDevFile(home, before);
  expect(findDevFile(home, { ...before, deploymentId: after.deploymentId })).toBeNull();
  writeDevFile(home, after);
  expect(readdirSync(home).sort()).toEqual(['dev-8787-aaaaaaaaaaaa.json', 'dev.json']);
});

it('says which file it cannot read, and nothing of what is in it', () => {
  writeFileSync(join(home, 'dev.json'), '{"walletSecret": "hunter2"');
  expect(() => readDevFile(home)).toThrow(/dev\.json is not what "make dev" writes(?!.*hunter2)/);
});

it('lets one process have a home', () => {
  takeHome(home);
  expect(() => takeHome(home)).toThrow('another "make dev" runs');
  const blocked = join(home, 'file');
  writeFileSync(blocked, '');
  expect(() => takeHome(join(blocked, 'below'))).toThrow('cannot be written to');
});

it('writes what an operator has, for the home that the environment names', () => {
  expect(homeOf({ STRONGROOM_HOME: '' })).toBe(homeOf({}));
  expect(homeOf({ STRONGROOM_HOME: home })).toBe(home);
  mkdirSync(join(home, 'data'));
  writeOperatorFiles(home, { enclave: { port: 1234 }, enrolmentToken: 'token', rootCertificatePem: 'pem' });
  expect(readdirSync(home).sort()).toEqual(['data', 'enrolment-token', 'operator.json', 'root.pem']);
});
