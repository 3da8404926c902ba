import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Folder that keeps what is dear to make (packages, QEMU) between runs and checkouts. */
export function cacheDir(): string {
  const root = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  return join(root, 'strongroom', 'emulation');
}

/**
 * Returns the folder that `build` filled for this recipe, building it only when no earlier run did.
 * The folder appears by one rename, so an interrupted or concurrent build leaves nothing half made.
 * @param recipe everything that decides the result; its SHA-256 is part of the folder's name
 */
export async function cached(
  name: string,
  recipe: string,
  build: (dir: string) => Promise<void>,
): Promise<string> {
  const key = createHash('sha256').update(recipe).digest('hex').slice(0, 16);
  const final = join(cacheDir(), `${name}-${key}`);
  if (existsSync(final)) return final;
  const partial = `${final}.${process.pid}.partial`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  try {
    await build(partial);
    if (!existsSync(final)) renameSync(partial, final);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return final;
}
