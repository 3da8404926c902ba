import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Copies the repository's tracked files, as they are in the working tree, to `to`: nothing untracked can enter an image by accident.
 * @returns whether the tree has changes that no commit holds, so that nobody else could rebuild the image
 */
export function copyTrackedFiles(repository: string, to: string): { readonly isModified: boolean } {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: repository, encoding: 'utf8', maxBuffer: 64 << 20 });
  for (const path of git('ls-files', '-z').split('\0')) {
    if (path === '' || !existsSync(join(repository, path))) continue;
    mkdirSync(join(to, dirname(path)), { recursive: true });
    copyFileSync(join(repository, path), join(to, path));
  }
  return { isModified: git('status', '--porcelain', '--untracked-files=no') !== '' };
}
