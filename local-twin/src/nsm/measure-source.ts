import { Buffer } from 'node:buffer';
import { createHash, hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LaunchMeasurements } from './nsm-simulator.ts';

/** Folders of code that runs in the enclave. */
const MEASURED_FOLDERS = ['enclave-app/src', 'shared/src'];
/** Decides every dependency and the Node binary. */
const LOCKFILE = 'package-lock.json';

/**
 * Measures the enclave's source tree and configuration in the place of an EIF, so that a laptop's PCRs change with the code:
 * PCR1 covers the lockfile (the platform), PCR2 code without tests and configuration (the application), PCR0 both.
 * Each is SHA384(48 zeros || SHA384(content)), as a PCR of an EIF; a file counts with its path, both with their lengths.
 */
export function measureSource(repositoryRoot: string, configuration: Uint8Array): LaunchMeasurements {
  const platform = [measuredItem(LOCKFILE, readFileSync(join(repositoryRoot, LOCKFILE)))];
  const application = MEASURED_FOLDERS.flatMap((folder) => filesUnder(repositoryRoot, folder)).map((path) =>
    measuredItem(path, readFileSync(join(repositoryRoot, path))),
  );
  application.push(measuredItem('configuration', configuration));
  return { pcr0: pcrOf([...platform, ...application]), pcr1: pcrOf(platform), pcr2: pcrOf(application) };
}

/** Paths relative to the root with `/`, in code unit order; tests and hidden files are not part of the enclave. */
function filesUnder(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.') && !entry.name.endsWith('.test.ts'))
    .map((entry) =>
      `${folder}${entry.parentPath.slice(join(root, folder).length)}/${entry.name}`.replaceAll('\\', '/'),
    )
    .sort();
}

/** SHA-384(path) || SHA-384(content), so that no byte can pass from one item to the next. */
function measuredItem(path: string, content: Uint8Array): Uint8Array {
  return Buffer.concat([hash('sha384', path, 'buffer'), hash('sha384', content, 'buffer')]);
}

function pcrOf(items: readonly Uint8Array[]): Uint8Array {
  const content = createHash('sha384');
  for (const item of items) content.update(item);
  return Uint8Array.from(createHash('sha384').update(new Uint8Array(48)).update(content.digest()).digest());
}
