import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Ground } from './ground.ts';

/** Fills the empty folder of the first ramdisk: PID 1 and the kernel's modules. */
export function fillBootstrap(tree: string, ground: Ground): void {
  mkdirSync(join(tree, 'dev'));
  copyFileSync(ground.init, join(tree, 'init'));
  chmodSync(join(tree, 'init'), 0o755);
  cpSync(ground.modulesDir, join(tree, 'modules'), { recursive: true });
}

export interface ApplicationStart {
  readonly command: readonly string[];
  /** NAME=value. */
  readonly environment: readonly string[];
}

/** Completes the folder of the second ramdisk, whose `rootfs` becomes the guest's root, as nitro-cli does: /cmd and /env beside it. */
export function writeStart(tree: string, { command, environment }: ApplicationStart): void {
  const lines = (values: readonly string[]) => values.map((value) => `${value}\n`).join('');
  writeFileSync(join(tree, 'cmd'), lines(command));
  writeFileSync(join(tree, 'env'), lines(environment));
}

/** Puts Node, stripped, and the libraries that it loads below `rootfs`. */
export function installNode(rootfs: string): void {
  for (const dir of ['bin', 'dev', 'proc', 'sys', 'tmp', 'run', 'lib64'])
    mkdirSync(join(rootfs, dir), { recursive: true });
  const node = process.execPath;
  execFileSync('strip', ['-o', join(rootfs, 'bin/node'), node]);
  for (const [library] of execFileSync('ldd', [node], { encoding: 'utf8' }).matchAll(/\/lib\S+/g)) {
    mkdirSync(join(rootfs, dirname(library)), { recursive: true });
    copyFileSync(library, join(rootfs, library));
  }
}
