// Builds from two clean clones at two times measure the same, one by a clean `npm ci` and one by Dockerfile.enclave; a byte of source or
// configuration changes the measurements.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImagePcrs } from '../../../enclave-app/src/kms/key-policy.ts';
import { assembleIn, buildRootfs } from '../../../scripts/enclave-image/clean-build.ts';
import { copyTrackedFiles } from '../../../scripts/enclave-image/source-context.ts';
import { twinConfiguration } from '../../src/system/twin-configuration.ts';
import { buildContainerRootfs } from '../container.ts';
import { writeEmulationImage } from '../enclave-image.ts';
import { type Ground, prepareGround } from '../ground.ts';
import { scratchDir } from '../machine.ts';

const MAX_EIF_BYTES = 150 * 1024 * 1024;
const main = 'enclave-app/src/main.ts';
const repository = resolve(import.meta.dirname, '../../..');
const dir = scratchDir();
const configuration = join(dir.path, 'configuration.json');
let ground: Ground;
let first: BuiltImage;
let second: BuiltImage;

interface BuiltImage {
  readonly eif: Buffer;
  readonly pcrs: ImagePcrs;
}

beforeAll(async () => {
  ground = await prepareGround();
  writeFileSync(configuration, twinConfiguration());
  first = await buildClean(clone('first'));
  second = await buildByDockerfile(clone('second-with-a-longer-name'));
});

afterAll(() => dir[Symbol.dispose]());

function clone(name: string): string {
  const folder = join(dir.path, name);
  execFileSync('git', ['clone', '--quiet', '--no-hardlinks', repository, folder]);
  return folder;
}

async function buildClean(sources: string): Promise<BuiltImage> {
  const { application, isModified } = buildRootfs({
    repository: sources,
    configuration,
    main,
    work: join(dir.path, 'clean'),
  });
  expect(isModified).toBe(false);
  return await pack(sources, application);
}

async function buildByDockerfile(sources: string): Promise<BuiltImage> {
  const context = join(dir.path, 'context');
  copyTrackedFiles(sources, context);
  copyFileSync(configuration, join(context, 'configuration.json'));
  const application = join(dir.path, 'container');
  mkdirSync(application);
  await buildContainerRootfs(context, join(application, 'rootfs'));
  return await pack(sources, application);
}

async function pack(source: string, application: string): Promise<BuiltImage> {
  const file = join(dir.path, 'enclave.eif');
  const pcrs = await writeEmulationImage(file, { ground, repository: source, application, main });
  return { eif: readFileSync(file), pcrs };
}

/** Changes one byte of a file of the first build's sources and builds again. */
async function buildChanged(path: string, from: string, to: string): Promise<BuiltImage> {
  const source = join(dir.path, 'clean/source');
  const file = join(source, path);
  const text = readFileSync(file, 'utf8');
  expect(text).toContain(from);
  expect(to.length).toBe(from.length);
  writeFileSync(file, text.replace(from, to));
  try {
    const application = join(dir.path, `changed-${path.replaceAll('/', '-')}`);
    const changed = { application, configuration: join(source, 'configuration.json'), main };
    return await pack(source, assembleIn(source, changed));
  } finally {
    writeFileSync(file, text);
  }
}

describe('the enclave image', () => {
  it('is the same, byte for byte, from two clones, in a container and without one', () => {
    expect(second.pcrs).toEqual(first.pcrs);
    expect(second.eif.equals(first.eif)).toBe(true);
    console.log(`${(first.eif.length / 1024 / 1024).toFixed(1)} MiB`, JSON.stringify(first.pcrs));
  });

  it('is small enough', () => expect(first.eif.length).toBeLessThanOrEqual(MAX_EIF_BYTES));

  it.each([
    [
      'a byte of the enclave application',
      'enclave-app/src/start-enclave.ts',
      'MAX_CONNECTIONS = 16',
      'MAX_CONNECTIONS = 17',
    ],
    ['a byte of the configuration', 'configuration.json', '"securityEpoch": 1', '"securityEpoch": 2'],
  ])('measures %s', async (_what, path, from, to) => {
    const changed = await buildChanged(path, from, to);
    expect(changed.pcrs.pcr0).not.toBe(first.pcrs.pcr0);
    expect(changed.pcrs.pcr1).toBe(first.pcrs.pcr1);
    expect(changed.pcrs.pcr2).not.toBe(first.pcrs.pcr2);
  });

  it('refuses to hold a configuration that the enclave would refuse', async () => {
    await expect(buildChanged('configuration.json', '"version": 1', '"version": 9')).rejects.toThrow(
      /CONFIGURATION_INVALID|measured configuration is invalid/,
    );
  });
});
