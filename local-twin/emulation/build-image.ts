// Builds the enclave image of a deployment where nitro-cli is not, for QEMU only, and prints its measurements: the same root folder with Debian's kernel.
// usage: node local-twin/emulation/build-image.ts --configuration FILE --out DIR [--emulation-kms-ca FILE]
// With --emulation-kms-ca the image is that of the emulated ground: its own composition root, and the KMS simulator's authority.
import { copyFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { type BuiltImage, outputFolder, tellMeasurements } from '../../scripts/enclave-image/built-image.ts';
import { buildRootfs } from '../../scripts/enclave-image/clean-build.ts';
import { readConfiguration, runTool } from '../../scripts/enclave-image/tool.ts';
import { writeEmulationImage } from './enclave-image.ts';
import { prepareGround } from './ground.ts';
import { scratchDir } from './machine.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');

async function buildImage(configuration: string, out: string, kmsCa?: string): Promise<BuiltImage> {
  using work = scratchDir();
  const ground = await prepareGround();
  const main = kmsCa ? 'local-twin/emulation/enclave/main.ts' : 'enclave-app/src/main.ts';
  const build = { repository: REPOSITORY, configuration, main, work: work.path };
  const { application, isModified } = buildRootfs(build);
  if (kmsCa) copyFileSync(kmsCa, join(application, 'rootfs/etc/strongroom/emulation-kms-ca.pem'));
  const file = join(out, 'enclave-emulation-only.eif');
  const pcrs = await writeEmulationImage(file, { ground, repository: REPOSITORY, application, main });
  return { file, pcrs, isModified };
}

await runTool(async () => {
  const { values } = parseArgs({
    options: {
      configuration: { type: 'string' },
      out: { type: 'string' },
      'emulation-kms-ca': { type: 'string' },
    },
  });
  const { path } = readConfiguration(values.configuration, 'make eif CONFIG=<measured configuration>');
  const out = outputFolder(resolve(values.out ?? '.'));
  tellMeasurements(out, await buildImage(path, out, values['emulation-kms-ca']));
});
