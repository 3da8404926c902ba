import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory for one system, removed with everything in it. */
export function makeTemporaryHome(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'strongroom-system-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
