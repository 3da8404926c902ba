// Builds the enclave image of a deployment and prints its measurements.
// With nitro-cli: Dockerfile.enclave, then `nitro-cli build-enclave`. Without it: the same root folder with Debian's kernel, for QEMU only.
// usage: node scripts/enclave-image/build-eif.ts --configuration FILE --out DIR [--emulation-kms-ca FILE]
// With --emulation-kms-ca the image is that of the emulated ground: its own composition root, and the KMS simulator's authority.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseConfiguration } from '../../enclave-app/src/config.ts';
import type { ImagePcrs } from '../../enclave-app/src/kms/key-policy.ts';
import { writeEmulationImage } from '../../local-twin/emulation/enclave-image.ts';
import { prepareGround } from '../../local-twin/emulation/ground.ts';
import { buildRootfs } from './clean-build.ts';
import { readInput, withInputErrors } from './operator-input.ts';
import { copyTrackedFiles } from './source-context.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const IMAGE_TAG = 'strongroom-enclave:latest';

const { values } = parseArgs({
  options: {
    configuration: { type: 'string' },
    out: { type: 'string' },
    'emulation-kms-ca': { type: 'string' },
  },
});
if (values.configuration === undefined || values.out === undefined) {
  console.error('usage: make eif CONFIG=<measured configuration of the deployment>');
  process.exit(2);
}
const { configuration, out } = values;
// Better known now than by an image that does not start.
await withInputErrors(() => void parseConfiguration(readInput(configuration)));
if (process.exitCode === 1) process.exit();
const work = mkdtempSync(join(tmpdir(), 'strongroom-image-'));
try {
  mkdirSync(out, { recursive: true });
  const isEmulation = Boolean(values['emulation-kms-ca']);
  const hasNitroCli = !isEmulation && spawnSync('nitro-cli', ['--version']).status === 0;
  const build = hasNitroCli ? buildWithNitroCli : buildForEmulation;
  const { file, pcrs, isModified } = await build(resolve(configuration), resolve(out));
  if (isModified)
    console.error('warning: tracked files differ from the commit; nobody else can rebuild this image');
  writeFileSync(join(out, 'pcrs.json'), `${JSON.stringify(pcrs, null, 2)}\n`);
  console.error(file);
  console.log(JSON.stringify(pcrs, null, 2));
} finally {
  rmSync(work, { recursive: true, force: true });
}

interface BuiltImage {
  readonly file: string;
  readonly pcrs: ImagePcrs;
  readonly isModified: boolean;
}

function buildWithNitroCli(configuration: string, out: string): BuiltImage {
  const { isModified } = copyTrackedFiles(REPOSITORY, work);
  copyFileSync(configuration, join(work, 'configuration.json'));
  const file = join(out, 'enclave.eif');
  // Times in the layers are part of the ramdisk and so of PCR0 and PCR2.
  const reproducible = { ...process.env, SOURCE_DATE_EPOCH: '0', DOCKER_BUILDKIT: '1' };
  execute('docker', ['build', '-f', join(work, 'Dockerfile.enclave'), '-t', IMAGE_TAG, work], reproducible);
  const output = execute(
    'nitro-cli',
    ['build-enclave', '--docker-uri', IMAGE_TAG, '--output-file', file],
    reproducible,
  );
  const { Measurements } = JSON.parse(output.slice(output.indexOf('{'))) as {
    Measurements: { PCR0: string; PCR1: string; PCR2: string };
  };
  return {
    file,
    pcrs: { pcr0: Measurements.PCR0, pcr1: Measurements.PCR1, pcr2: Measurements.PCR2 },
    isModified,
  };
}

async function buildForEmulation(configuration: string, out: string): Promise<BuiltImage> {
  const ground = await prepareGround();
  const kmsCa = values['emulation-kms-ca'];
  const main = kmsCa ? 'local-twin/emulation/enclave/main.ts' : 'enclave-app/src/main.ts';
  const { application, isModified } = buildRootfs({ repository: REPOSITORY, configuration, main, work });
  if (kmsCa) copyFileSync(kmsCa, join(application, 'rootfs/etc/strongroom/emulation-kms-ca.pem'));
  const file = join(out, 'enclave-emulation-only.eif');
  const pcrs = await writeEmulationImage(file, { ground, repository: REPOSITORY, application, main });
  return { file, pcrs, isModified };
}

function execute(program: string, args: readonly string[], env: NodeJS.ProcessEnv): string {
  const { status, stdout, error } = spawnSync(program, args, {
    encoding: 'utf8',
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) throw new Error(`${program} ${args[0]} failed ${error?.message ?? ''}`);
  return stdout;
}
