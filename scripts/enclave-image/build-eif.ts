// Builds the enclave image of a deployment where nitro-cli is, and prints its measurements: Dockerfile.enclave, then `nitro-cli build-enclave`.
// usage: node scripts/enclave-image/build-eif.ts --configuration FILE --out DIR
import { copyFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as v from 'valibot';
import { type BuiltImage, outputFolder, tellMeasurements } from './built-image.ts';
import { temporaryDir } from './compile-app.ts';
import { pcrsSchema } from './pcrs.ts';
import { copyTrackedFiles } from './source-context.ts';
import { execute, readConfiguration, runTool, ToolError } from './tool.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
const IMAGE_TAG = 'strongroom-enclave:latest';
// Times in the layers are part of the ramdisk and so of PCR0 and PCR2.
const REPRODUCIBLE = { errors: 'shown', env: { SOURCE_DATE_EPOCH: '0', DOCKER_BUILDKIT: '1' } } as const;

function buildEif(configuration: string, out: string): BuiltImage {
  using work = temporaryDir('image');
  const context = work.path;
  const { isModified } = copyTrackedFiles(REPOSITORY, context);
  copyFileSync(configuration, join(context, 'configuration.json'));
  const recipe = join(context, 'Dockerfile.enclave');
  execute('docker', ['build', '-f', recipe, '-t', IMAGE_TAG, context], REPRODUCIBLE);
  const file = join(out, 'enclave.eif');
  const args = ['build-enclave', '--docker-uri', IMAGE_TAG, '--output-file', file];
  return { file, pcrs: measurementsOf(execute('nitro-cli', args, REPRODUCIBLE)), isModified };
}

/** What nitro-cli prints after its progress: {"Measurements": {"HashAlgorithm": …, "PCR0": …, "PCR1": …, "PCR2": …}}. */
function measurementsOf(output: string) {
  try {
    const { Measurements } = JSON.parse(output.slice(output.indexOf('{'))) as {
      Measurements: Record<string, string>;
    };
    const { PCR0: pcr0, PCR1: pcr1, PCR2: pcr2 } = Measurements;
    return v.parse(pcrsSchema, { pcr0, pcr1, pcr2 });
  } catch {
    throw new ToolError(1, `nitro-cli build-enclave printed no measurements:\n${output.slice(-2000)}`);
  }
}

await runTool(() => {
  const { values } = parseArgs({ options: { configuration: { type: 'string' }, out: { type: 'string' } } });
  const { path } = readConfiguration(values.configuration, 'make eif CONFIG=<measured configuration>');
  const out = outputFolder(resolve(values.out ?? '.'));
  tellMeasurements(out, buildEif(path, out));
});
