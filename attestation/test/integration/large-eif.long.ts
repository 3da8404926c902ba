import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { bytesContent, fileContent } from '../../eif/cpio.ts';
import { DETERMINISTIC_METADATA, writeEif } from '../../eif/write-eif.ts';

const GIBIBYTE = 1 << 30;
/** Far below the image; a process that kept it would need more than this for the image alone. */
const MAX_GROWTH_KIB = 96 * 1024;

const directory = mkdtempSync(join(tmpdir(), 'large-eif-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** What a process prints that loads the reader and reads one file: its peak resident set in KiB, and PCR0. */
async function readElsewhere(path: string): Promise<{ readonly peakKiB: number; readonly pcr0: string }> {
  const reader = new URL('../../eif/read-eif.ts', import.meta.url).href;
  const script = `import { readEif } from ${JSON.stringify(reader)};
    const { pcrs: { pcr0 } } = await readEif(process.argv[1]);
    console.log(JSON.stringify({ peakKiB: process.resourceUsage().maxRSS, pcr0 }));`;
  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script, path]);
  return JSON.parse(stdout);
}

describe('an image of 1 GiB', () => {
  it('is written and measured in constant memory', { timeout: 120_000 }, async () => {
    // A file without blocks: it reads as zeros and takes no space.
    const ramdisk = join(directory, 'ramdisk');
    writeFileSync(ramdisk, 'first bytes');
    truncateSync(ramdisk, GIBIBYTE);
    const image = join(directory, 'large.eif');
    const pcrs = await writeEif(image, {
      architecture: 'x86_64',
      kernel: bytesContent(new Uint8Array(1000).fill(1)),
      commandLine: 'reboot=k',
      ramdisks: [bytesContent(new Uint8Array(1000).fill(2)), await fileContent(ramdisk)],
      metadata: DETERMINISTIC_METADATA,
    });
    const small = await readElsewhere(
      new URL('../../../vectors/eif/two-ramdisks.eif', import.meta.url).pathname,
    );
    const large = await readElsewhere(image);
    expect(large.pcr0).toBe(pcrs.pcr0);
    expect(large.peakKiB - small.peakKiB).toBeLessThan(MAX_GROWTH_KIB);
  });
});
