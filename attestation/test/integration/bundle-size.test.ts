import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const MAX_BYTES = 40_000;
const workspace = fileURLToPath(new URL('../../', import.meta.url));

/** What somebody imports who verifies documents, services and all that their enclaves sign, in a browser. */
const PUBLIC = [
  ['verify-attestation', 'verifyAttestation'],
  ['verify-attestation-with-custom-root', 'verifyAttestationWithCustomRoot'],
  ['verify-debug-attestation', 'verifyDebugAttestation'],
  ['strongroom-service', 'verifyStrongroomService, verifyStrongroomStatus'],
  ['strongroom-service-with-custom-root', 'verifyStrongroomServiceWithCustomRoot'],
  ['project-certificate', 'verifyProjectCertificate'],
  ['account-certificate', 'verifyAccountCertificate'],
  ['import-key-certificate', 'verifyImportKeyCertificate'],
  ['transfer-receipt', 'verifyTransferReceipt'],
  ['unverified', 'decodeUnverifiedAttestation'],
  ['attestation-error', 'AttestationError'],
] as const;

describe('the library in a browser', () => {
  it(`is at most ${MAX_BYTES} bytes minified, and depends on nothing`, async () => {
    const contents = PUBLIC.map(([file, names]) => `export { ${names} } from './src/${file}.ts';`).join('\n');
    const { outputFiles, metafile } = await build({
      stdin: { contents, resolveDir: workspace },
      bundle: true,
      minify: true,
      write: false,
      format: 'esm',
      target: 'es2022',
      metafile: true,
    });
    const inputs = Object.keys(metafile.inputs).filter((name) => name !== '<stdin>');
    expect(inputs.filter((name) => !/^(.*\/)?attestation\/src\/[a-z0-9-]+\.ts$/.test(name))).toEqual([]);
    const text = outputFiles[0]?.text ?? '';
    expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
    expect(text).not.toMatch(/\bimport\(|\brequire\b|node:/);
    expect(text.length).toBeGreaterThan(10_000);
    expect(text.length).toBeLessThanOrEqual(MAX_BYTES);
  });
});
